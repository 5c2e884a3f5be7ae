import { message, PublishError } from '../../errors';
import type { Attachments } from '../../oci/attachments';
import type { StatementSigner } from '../../sigstore/sign';
import { mapConcurrently } from '../../system/mapConcurrently';
import type { Descriptor, LockFile, Registry } from '../../types';
import { attachedStatement, listStatements, provenanceAnnotation, type AttachedStatement } from './attached';
import { readProvenance } from './readStatement';
import type { SbomSubject } from './sbom';
import {
  imageStatement,
  provenanceType,
  setStatement,
  signatureStatement,
  signatureType,
  spdxType,
  standingTypes,
  type ImageFacts,
  type RunFacts,
  type SetMember,
} from './statement';
import { statementFile } from './statementFile';

/** What is to be attached to a set and its images. */
export interface AttestOrder {
  readonly provenance: boolean;
  /** undefined: nothing is signed. */
  readonly signer: StatementSigner | undefined;
  /** The statements of what is in an image; undefined: nothing is to be said of it. */
  readonly sboms: ((image: SbomSubject) => Promise<readonly Uint8Array[]>) | undefined;
  readonly run: RunFacts;
  /** This run's images; the set may have others of earlier runs. */
  readonly images: readonly ImageFacts[];
}

/** A set as it is in the registry. */
export interface AttestedSet extends Descriptor {
  readonly repository: string;
  readonly lock: LockFile;
}

/** What one image, or the set (no name), has afterwards. */
export interface Attested {
  readonly name: string | undefined;
  readonly repository: string;
  readonly digest: string;
  /** Digest of the artifact; undefined: there is none. */
  readonly provenance: string | undefined;
  readonly signature: string | undefined;
  /** Of an image. */
  readonly sbom: string | undefined;
  /** Was something attached by this run? */
  readonly isNew: boolean;
}

interface AttestPorts {
  readonly registry: Registry;
  readonly attachments: Attachments;
  /** A manifest that was read or put a moment ago needs no second look. */
  readonly known?: (repository: string, digest: string) => Descriptor | undefined;
}

interface Subject {
  readonly name: string | undefined;
  readonly repository: string;
  readonly digest: string;
  readonly unbound: string;
  /** Content key of an image, commit of a set. */
  readonly of: string;
  /** undefined: nothing is known of how it came to be. */
  readonly statement: ((provenances: ReadonlyMap<string, string | undefined>) => Uint8Array) | undefined;
}

/**
 * Attaches to each image of a set, then to the set, what is wanted and not there: its provenance, signed where there is a signer; a signature
 * alone where it has a provenance already or nobody knows how it came to be. What is there stays as it is, so a repeat changes nothing.
 * Throws PublishError that says which of them have what is wanted and which don't.
 */
export async function attestSet(
  order: AttestOrder,
  set: AttestedSet,
  ports: AttestPorts,
): Promise<readonly Attested[]> {
  const images = Object.entries(set.lock.images).map(([name, { repository, digest, key }]): Subject => {
    const facts = order.images.find((image) => image.name === name && image.digest === digest);
    return {
      name,
      repository,
      digest,
      unbound: facts?.unbound ?? digest,
      of: key,
      statement: facts && (() => imageStatement(order.run, facts)),
    };
  });
  const own: Subject = {
    name: undefined,
    repository: set.repository,
    digest: set.digest,
    unbound: set.digest,
    of: set.lock.commit,
    statement: (provenances) => setStatement(order.run, set, membersOf(order, set.lock, provenances)),
  };
  const done = new Map<Subject, Attested | { readonly failure: unknown }>();
  const work = async (subject: Subject, provenances: ReadonlyMap<string, string | undefined>): Promise<void> => {
    const attested = await attest(order, subject, provenances, ports).catch((failure: unknown) => ({
      failure,
    }));
    done.set(subject, attested);
  };
  await mapConcurrently(images, (image) => work(image, new Map()));
  // A set that says "these are attested" must not exist before they are.
  const provenances = new Map(images.map((image) => [image.name ?? '', provenanceOf(done.get(image))]));
  if (![...done.values()].some((each) => 'failure' in each)) await work(own, provenances);
  await mapConcurrently([...done], async ([subject, result]) => {
    if ('failure' in result || !result.isNew) return;
    await ports.attachments
      .confirm(subject.repository, subject.digest)
      .catch((failure: unknown) => done.set(subject, { failure }));
  });
  const all = [...images, own];
  const attested = all.flatMap((subject) => {
    const found = done.get(subject);
    return found === undefined || 'failure' in found ? [] : [found];
  });
  if (attested.length < all.length) throw incomplete(order, all, done);
  return attested;
}

async function attest(
  { provenance, signer, sboms }: AttestOrder,
  { name, repository, digest, unbound, of: about, statement }: Subject,
  provenances: ReadonlyMap<string, string | undefined>,
  { registry, attachments, known: manifests }: AttestPorts,
): Promise<Attested> {
  const there = await listStatements(attachments, repository, digest);
  const own = await ownProvenances(there, repository, about, attachments);
  const known = own.find((each) => isSignedBy(each, signer)) ?? own[0];
  const signature = there.find((each) => standingTypes.has(each.predicateType) && isSignedBy(each, signer));
  const sbom = there.find((each) => {
    return each.predicateType === spdxType && (signer === undefined || isSignedBy(each, signer));
  });
  // The set's names those of its images: signed, it stands for all of them.
  const isEnough = known !== undefined && (name !== undefined || signer === undefined || isSignedBy(known, signer));
  const writesProvenance = provenance && !isEnough && statement !== undefined;
  const writesSignature = signer !== undefined && signature === undefined;
  const found = {
    name,
    repository,
    digest,
    provenance: known?.digest,
    signature: signature?.digest,
    sbom: sbom?.digest,
  };
  const image = name === undefined || sbom !== undefined ? undefined : { name, repository, digest, unbound };
  const documents = image === undefined ? [] : ((await sboms?.(image)) ?? []);
  const statements = documents.map((document): readonly [string, Uint8Array] => [spdxType, document]);
  // One signed provenance is both.
  if (writesProvenance) statements.unshift([provenanceType, statement(provenances)]);
  else if (writesSignature) statements.unshift([signatureType, signatureStatement(repository, digest)]);
  if (statements.length === 0) return { ...found, isNew: false };
  const subject = manifests?.(repository, digest) ?? (await registry.head(repository, digest));
  if (subject === undefined) throw new PublishError(`${repository}@${digest} is not there any more.`);
  const files = await Promise.all(
    statements.map(([type, bytes]) => {
      return statementFile(bytes, type, signer, type === provenanceType ? { [provenanceAnnotation]: about } : {});
    }),
  );
  const put = await attachments.put(repository, { ...subject, digest }, files);
  const of = (type: string): string | undefined => put[statements.findIndex(([each]) => each === type)]?.digest;
  const main = of(provenanceType) ?? of(signatureType);
  return {
    ...found,
    ...(writesProvenance ? { provenance: main } : {}),
    ...(signer === undefined || main === undefined ? {} : { signature: main }),
    ...(documents.length === 0 ? {} : { sbom: of(spdxType) }),
    isNew: true,
  };
}

function isSignedBy({ isSigned, signer: by }: AttachedStatement, signer: StatementSigner | undefined): boolean {
  return isSigned && signer !== undefined && by === signer.id;
}

/**
 * The provenances of ours that are of this very content key or commit. The same image may have others: what another tool attached, and what an
 * earlier run counted in another way. One without a mark of ours is read.
 */
async function ownProvenances(
  there: readonly AttachedStatement[],
  repository: string,
  about: string,
  attachments: Attachments,
): Promise<readonly AttachedStatement[]> {
  const provenances = there.filter(({ predicateType }) => predicateType === provenanceType);
  const own = await mapConcurrently(provenances, async (each) => {
    const of = each.of ?? (await readOf(repository, each, attachments));
    return of === about ? [each] : [];
  });
  return own.flat();
}

async function readOf(
  repository: string,
  { digest }: AttachedStatement,
  attachments: Attachments,
): Promise<string | undefined> {
  const statement = await attachedStatement(attachments, repository, digest);
  const provenance = statement && readProvenance(statement);
  return provenance?.kind === 'image' ? provenance.key : provenance?.commit;
}

function membersOf(
  { images }: AttestOrder,
  lock: LockFile,
  provenances: ReadonlyMap<string, string | undefined>,
): readonly SetMember[] {
  return Object.entries(lock.images).map(([name, { repository, digest, key }]) => {
    const own = images.find((image) => image.name === name && image.digest === digest);
    return { name, repository, digest, key, result: own?.result ?? 'kept', provenance: provenances.get(name) };
  });
}

function provenanceOf(done: Attested | { readonly failure: unknown } | undefined): string | undefined {
  return done === undefined || 'failure' in done ? undefined : done.provenance;
}

function incomplete(
  { signer }: AttestOrder,
  all: readonly Subject[],
  done: ReadonlyMap<Subject, Attested | { readonly failure: unknown }>,
): PublishError {
  const what = signer === undefined ? 'attested' : 'signed';
  const nameOf = ({ name }: Subject): string => name ?? 'the set';
  const isDone = (subject: Subject): boolean => {
    const found = done.get(subject);
    return found !== undefined && !('failure' in found);
  };
  const failures = all.flatMap((subject) => {
    const found = done.get(subject);
    return found !== undefined && 'failure' in found ? [{ subject, failure: found.failure }] : [];
  });
  const [first] = failures;
  const good = all.filter(isDone).map(nameOf);
  const bad = all.filter((subject) => !isDone(subject)).map(nameOf);
  return new PublishError(
    `Not ${what}: ${bad.join(', ')}${good.length === 0 ? '' : ` (${what}: ${good.join(', ')})`}. ` +
      `${first === undefined ? '' : `${nameOf(first.subject)}: ${message(first.failure)} `}Run again to go on.`,
    { cause: first?.failure },
  );
}
