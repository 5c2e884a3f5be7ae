import { PublishError } from '../../errors';
import type { Attachments } from '../../oci/attachments';
import { digestOf } from '../../oci/digest';
import { readManifest } from '../../oci/manifest';
import { inTotoType } from '../../sigstore/types';
import { field, parseJson } from '../../system/json';
import type { Descriptor, Registry } from '../../types';
import { attachedStatement, listStatements } from './attached';
import { goBinaryReader } from './goBinaries';
import { readStatement } from './readStatement';
import { spdxDocument } from './spdx';
import { sbomStatement, spdxType } from './statement';
import { statementFile } from './statementFile';

/* SBOMs, SPDX: those that a scanner made in the build, and those that are made from what Go binaries say of themselves. */

/** A published image. */
export interface SbomSubject {
  readonly name: string;
  readonly repository: string;
  readonly digest: string;
  /** Before binding. */
  readonly unbound: string;
}

interface SbomPorts {
  readonly registry: Registry;
  readonly attachments: Attachments;
}

/** Documents are read in memory. */
const longestDocument = 12 * 2 ** 20;

/**
 * Gives the statements of what is in a published image, one for each platform: what a scanner attached to the image before binding, else, with
 * `fromBinaries`, what its Go binaries say. Empty: there is neither. RegistryError, PublishError.
 */
export function sbomSource(
  { registry, attachments }: SbomPorts,
  about: { readonly created: string; readonly version: string; readonly fromBinaries: boolean },
): (image: SbomSubject) => Promise<readonly Uint8Array[]> {
  const binariesOf = goBinaryReader(registry);
  return async ({ name, repository, digest, unbound }) => {
    const [bound, before] = await Promise.all([
      platformsOf(registry, repository, digest),
      unbound === digest ? undefined : platformsOf(registry, repository, unbound),
    ]);
    const statements: Uint8Array[] = [];
    for (const [index, { digest: platform }] of bound.entries()) {
      const scanned = await scannedDocument(attachments, repository, before?.[index]?.digest ?? platform);
      const document =
        scanned ??
        (about.fromBinaries
          ? spdxDocument(
              { image: name, repository, digest: platform, ...about },
              await binariesOf(repository, platform),
            )
          : undefined);
      if (document !== undefined) {
        statements.push(sbomStatement(repository, [...new Set([digest, platform])], document));
      }
    }
    return statements;
  };
}

/**
 * Takes what a scanner said out of the index in which BuildKit pushed it, and attaches it to the images that it is about. Gives the image as it
 * is without: the same that a build without a scanner makes, so that asking for an SBOM never makes another image.
 * RegistryError, PublishError.
 */
export async function separateSboms(
  { registry, attachments }: SbomPorts,
  repository: string,
  digest: string,
): Promise<string> {
  const index = await registry.manifest(repository, digest);
  const children = (index && readManifest(index.bytes)?.children) ?? [];
  const images = children.filter(({ kind }) => kind === 'image');
  const attestations = children.filter(({ kind }) => kind === 'attestation');
  const [first] = images;
  if (index === undefined || first === undefined || attestations.length === 0) return digest;
  for (const attestation of attestations) {
    const manifest = await registry.manifest(repository, attestation.digest);
    for (const layer of (manifest && readManifest(manifest.bytes)?.layers) ?? []) {
      if (layer.mediaType !== inTotoType) continue;
      if (layer.size > longestDocument) {
        throw new PublishError(`The SBOM of ${repository}@${digest} is larger than ${longestDocument / 2 ** 20} MiB.`);
      }
      const statement = readStatement(await registry.blob(repository, layer.digest));
      const image = images.find((each) => statement?.subjects.includes(each.digest));
      if (statement?.predicateType !== spdxType || image === undefined) continue;
      await attachOnce(attachments, repository, image, statement.predicate);
    }
  }
  if (images.length === 1) return first.digest;
  const bytes = withoutAttestations(index.bytes, new Set(attestations.map((each) => each.digest)));
  return (await registry.putManifest(repository, digestOf(bytes), index.mediaType, bytes)).digest;
}

async function attachOnce(
  attachments: Attachments,
  repository: string,
  image: Descriptor,
  document: unknown,
): Promise<void> {
  const there = await listStatements(attachments, repository, image.digest);
  if (there.some(({ predicateType }) => predicateType === spdxType)) return;
  const statement = sbomStatement(repository, [image.digest], document);
  await attachments.put(repository, image, [await statementFile(statement, spdxType, undefined)]);
  await attachments.confirm(repository, image.digest);
}

/** What a scanner said of an image; undefined: none did. */
async function scannedDocument(attachments: Attachments, repository: string, digest: string): Promise<unknown> {
  for (const { digest: artifact, predicateType } of await listStatements(attachments, repository, digest)) {
    if (predicateType !== spdxType) continue;
    const bytes = await attachedStatement(attachments, repository, artifact);
    const statement = bytes && readStatement(bytes);
    if (statement?.predicateType === spdxType && statement.subjects.includes(digest)) return statement.predicate;
  }
  return undefined;
}

/** An index as BuildKit writes it where nothing is attested. */
function withoutAttestations(bytes: Uint8Array, left: ReadonlySet<string>): Uint8Array {
  const json = parseJson(bytes) as { readonly manifests: readonly unknown[] };
  const manifests = json.manifests.filter((each) => !left.has(String(field(each, 'digest'))));
  const isIndented = Buffer.from(bytes).equals(Buffer.from(JSON.stringify(json, undefined, 2)));
  return Buffer.from(JSON.stringify({ ...json, manifests }, undefined, isIndented ? 2 : 0));
}

/** The images of an index, or the image itself. */
async function platformsOf(
  registry: Registry,
  repository: string,
  digest: string,
): Promise<readonly { readonly digest: string }[]> {
  const manifest = await registry.manifest(repository, digest);
  const content = manifest && readManifest(manifest.bytes);
  if (content === undefined) throw new PublishError(`${repository}@${digest} does not exist, or is not an image.`);
  return content.config === undefined ? content.children.filter(({ kind }) => kind === 'image') : [{ digest }];
}
