import type { Attachments } from '../../oci/attachments';
import { missingPart } from '../../oci/imageCheck';
import { openBundle, describeWho, type OpenBundle, type Who } from '../../sigstore/verify';
import { bundleType, inTotoType } from '../../sigstore/types';
import { mapConcurrently } from '../../system/mapConcurrently';
import type { LockedImage, LockFile, Registry } from '../../types';
import { imageOf } from '../releaseSet';
import { listStatements } from './attached';
import { readProvenance, readStatement, type Provenance } from './readStatement';
import { spdxType, standingTypes } from './statement';

/** What is known of one image of a set, or of the set (no name). */
export interface VerifiedSubject {
  readonly name: string | undefined;
  readonly repository: string;
  readonly digest: string;
  /** undefined: it has none of ours. */
  readonly provenance: FoundProvenance | undefined;
  /** What is in it (SPDX): the artifact that says so, the signed one first; undefined: none does. */
  readonly sbom: { readonly artifact: string; readonly isSigned: boolean } | undefined;
  /** Who signed it: those asked for, verified; else whom its signatures name, which is a claim. */
  readonly signers: readonly { readonly who: string; readonly isVerified: boolean }[];
  /** Sentences; empty: all is as it should be. */
  readonly problems: readonly string[];
}

/** A provenance, and the artifact that holds it. */
interface FoundProvenance extends Provenance {
  readonly artifact: string;
  readonly isSigned: boolean;
}

interface VerifyPorts {
  readonly registry: Registry;
  readonly attachments: Attachments;
}

/** What a set is held against. */
interface VerifyOrder {
  readonly lock: LockFile;
  /** The set in the registry; undefined: it has none of that commit, or another one. */
  readonly set: Promise<{ readonly repository: string; readonly digest: string } | undefined>;
  /** Signatures that must be there: each subject needs one of these. Empty: none is asked for. */
  readonly required: readonly Who[];
  /** Must there be a provenance of this commit? */
  readonly provenance: boolean;
}

/**
 * Looks at a set as it is in the registry: is each image there, whole, signed by whom, with a provenance that says what the lock file says;
 * and is there a provenance of the set that is of its commit? With `required` only what is signed by these counts, and what the set's signed
 * provenance names. RegistryError, PublishError where the registry can't be asked.
 */
export async function verifySet(order: VerifyOrder, ports: VerifyPorts): Promise<readonly VerifiedSubject[]> {
  const [read, own] = await Promise.all([
    mapConcurrently(Object.entries(order.lock.images), async ([name, image]) => {
      const { repository, digest } = image;
      const [attached, lacking] = await Promise.all([
        readAttached(repository, digest, ports),
        missingPart(ports.registry, repository, digest),
      ]);
      return { name, image, attached, lacking };
    }),
    order.set.then(async (set) => set && { ...set, attached: await readAttached(set.repository, set.digest, ports) }),
  ]);
  const set = own && inspect(order, { name: undefined, repository: own.repository, digest: own.digest }, own.attached);
  const images = read.map(({ name, image, attached, lacking }): VerifiedSubject => {
    const { repository, digest } = image;
    const found = inspect(order, { name, repository, digest }, attached, set?.provenance);
    return {
      ...found,
      problems: [...(lacking === undefined ? [] : [`${lacking}.`]), ...found.problems, ...ofImage(order, found, image)],
    };
  });
  return set === undefined ? images : [...images, { ...set, problems: [...set.problems, ...ofSet(order, set)] }];
}

interface Subject {
  readonly name: string | undefined;
  readonly repository: string;
  readonly digest: string;
}

/** A statement that is about its subject, and the bundle that it came in. */
interface Attached {
  readonly artifact: string;
  readonly statement: Uint8Array;
  readonly bundle: OpenBundle | undefined;
}

/** What is attached to one subject and about it, in the order of the list. */
async function readAttached(
  repository: string,
  digest: string,
  { attachments }: VerifyPorts,
): Promise<readonly Attached[]> {
  const listed = await listStatements(attachments, repository, digest);
  const read = await mapConcurrently(listed, async ({ digest: artifact }): Promise<readonly Attached[]> => {
    const file = await attachments.read(repository, artifact);
    const bundle = file?.mediaType === bundleType ? openBundle(file.bytes) : undefined;
    const statement = bundle?.statement ?? (file?.mediaType === inTotoType ? file.bytes : undefined);
    // What is about another digest says nothing here, whoever signed it.
    const isAbout = statement !== undefined && readStatement(statement)?.subjects.includes(digest) === true;
    return isAbout ? [{ artifact, statement, bundle }] : [];
  });
  return read.flat();
}

/** Who signed a subject, and its provenance. `set`: its set's provenance, which may name artifacts that are not signed themselves. */
function inspect(
  { required, lock }: VerifyOrder,
  subject: Subject,
  attached: readonly Attached[],
  set?: FoundProvenance,
): VerifiedSubject {
  const provenances: FoundProvenance[] = [];
  const signers = new Map<string, boolean>();
  const refused: string[] = [];
  const sboms: { readonly artifact: string; readonly isSigned: boolean }[] = [];
  for (const { artifact, statement, bundle } of attached) {
    const verdicts = required.map(
      (who) => bundle?.check(who) ?? (bundle === undefined ? 'it is not signed' : undefined),
    );
    const by = required.find((_, index) => verdicts[index] === undefined);
    const type = readStatement(statement)?.predicateType;
    if (type === spdxType) sboms.push({ artifact, isSigned: by !== undefined });
    if (!standingTypes.has(type)) continue;
    if (bundle !== undefined) {
      if (by !== undefined) signers.set(describeWho(by), true);
      else if (required.length === 0) signers.set(bundle.claimed, false);
      else refused.push(...verdicts.flatMap((verdict) => verdict ?? []));
    }
    const isNamed = set?.artifacts.get(subject.name ?? '') === artifact;
    const provenance = required.length === 0 || by !== undefined || isNamed ? readProvenance(statement) : undefined;
    if (provenance !== undefined) provenances.push({ ...provenance, artifact, isSigned: by !== undefined });
  }
  const isSigned = [...signers.values()].includes(true);
  const problems =
    required.length > 0 && !isSigned
      ? [
          `${nameOf(subject)} is not signed by ${required.map(describeWho).join(' or ')}${refused.length === 0 ? '' : `: ${[...new Set(refused)].join('; ')}`}.`,
        ]
      : [];
  // One that is signed counts before one that is not, then one that is of this content key or commit: the image may have others.
  const about = subject.name === undefined ? lock.commit : imageOf(lock, subject.name)?.key;
  const rank = (each: FoundProvenance): number =>
    Number(each.isSigned) * 2 + Number((each.kind === 'image' ? each.key : each.commit) === about);
  const [provenance] = provenances.sort((a, b) => rank(b) - rank(a));
  return {
    ...subject,
    provenance,
    sbom: sboms.find((each) => each.isSigned) ?? sboms[0],
    signers: [...signers].map(([who, isVerified]) => ({ who, isVerified })),
    problems,
  };
}

function ofImage(order: VerifyOrder, { provenance, name }: VerifiedSubject, image: LockedImage): readonly string[] {
  if (!order.provenance) return [];
  const whose = order.required.length === 0 ? '' : ' that is signed, or named by the signed one of the set';
  if (provenance === undefined) {
    return [
      `${name ?? ''} has no provenance${whose}. Publish with provenance: true; a set that is there gets it from a repeat of its run.`,
    ];
  }
  if (provenance.kind !== 'image' || provenance.key !== image.key) {
    return [
      `The provenance of ${name ?? ''} is of content key ${provenance.key ?? '(none)'}, the set says ${image.key}. One of the two is not of this image.`,
    ];
  }
  return [];
}

function ofSet({ lock, provenance: isWanted }: VerifyOrder, { provenance }: VerifiedSubject): readonly string[] {
  if (!isWanted) return [];
  if (provenance === undefined) return ['The set has no provenance. Publish with provenance: true.'];
  const problems: string[] = [];
  if (provenance.kind !== 'set' || provenance.commit !== lock.commit) {
    problems.push(`The set's provenance is of commit ${provenance.commit ?? '(none)'}, the set of ${lock.commit}.`);
  }
  for (const [name, { digest, key }] of Object.entries(lock.images)) {
    const said = provenance.images.get(name);
    if (said?.digest === digest && said.key === key) continue;
    problems.push(`The set's provenance says ${said?.digest ?? 'nothing'} of ${name}, the set ${digest}.`);
  }
  return problems;
}

function nameOf({ name }: Subject): string {
  return name ?? 'The set';
}
