import { PublishError } from '../../errors';
import type { Manifest, Registry } from '../../types';
import { isImmutable, latestTag } from '../tags';
import type { Pointer } from './pointers';
import { LookAgain } from './stop';
import type { Verdict } from './verdict';

/** A verdict that changes the registry. */
export type Change = Extract<Verdict, { kind: 'advance' | 'restore' | 'delete' }>;

export function isChange(verdict: Verdict): verdict is Change {
  return verdict.kind === 'advance' || verdict.kind === 'restore' || verdict.kind === 'delete';
}

/** Do two verdicts on one pointer come to the same? */
function isSameChange(a: Verdict, b: Change): boolean {
  if (a.kind === 'delete' || b.kind === 'delete') return a.kind === b.kind;
  return isChange(a) && a.digest === b.digest;
}

/**
 * Carries out one change of one `latest`. Before a put that failed is repeated (the client has waited meanwhile), `judgeAgain` looks at the
 * registry; throws LookAgain when it comes to another verdict. Throws PublishError when the image is gone or the tag immutable, RegistryError for the rest.
 */
export async function change(
  registry: Registry,
  pointer: Pointer,
  how: Change,
  now: Manifest | undefined,
  judgeAgain: () => Promise<Verdict>,
): Promise<void> {
  if (how.kind === 'delete') return remove(registry, pointer, now);
  const manifest = await imageOf(registry, pointer, how);
  const beforeRepeat = async (): Promise<void> => {
    if (!isSameChange(await judgeAgain(), how)) throw new LookAgain();
  };
  try {
    await registry.putManifest(pointer.repository, latestTag, manifest.mediaType, manifest.bytes, beforeRepeat);
  } catch (refusal) {
    if (!isImmutable(refusal)) throw refusal;
    throw new PublishError(
      `${pointer.repository}:${latestTag} is immutable and can't be moved. Set the input latest to never, or turn off tag immutability.`,
      { cause: refusal },
    );
  }
}

async function imageOf(
  registry: Registry,
  pointer: Pointer,
  how: Exclude<Change, { kind: 'delete' }>,
): Promise<Manifest> {
  if (how.kind === 'advance' && pointer.image === undefined) return how.to.set;
  const manifest = await registry.manifest(pointer.repository, how.digest);
  if (manifest !== undefined) return manifest;
  const whose = how.kind === 'advance' ? `the set of commit ${how.to.commit} names` : 'it named before';
  throw new PublishError(
    `${pointer.repository}:${latestTag} can't be put: the registry has no ${how.digest} there, which ${whose}.`,
  );
}

/** By tag only: by digest every tag of the image would go. A registry that took the image along with its tag gets it back. */
async function remove(registry: Registry, pointer: Pointer, now: Manifest | undefined): Promise<void> {
  await registry.deleteManifest(pointer.repository, latestTag);
  if (now === undefined || (await registry.head(pointer.repository, now.digest)) !== undefined) return;
  await registry.putManifest(pointer.repository, now.digest, now.mediaType, now.bytes);
}
