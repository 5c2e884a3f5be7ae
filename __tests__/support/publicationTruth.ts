import { commitTag } from '../../src/publish/tags';
import type { LatestState, Publication } from '../../src/types';

/** What a tag names in the registry's storage. */
export type Holds = (repository: string, tag: string) => string | undefined;

/**
 * Compares what a publication told with what the registry holds. `isAlone`: no other run touched the registry since. Gives every false statement in words.
 * What was told as not known is not false; tests that forbid it look for it themselves.
 */
export function liesOf(publication: Publication, holds: Holds, isAlone: boolean): readonly string[] {
  const lies: string[] = [];
  const { images, set, lock } = publication;
  for (const { name, repository, digest, tags, latest } of images) {
    for (const { tag, state } of tags) {
      // Tags other than the commit's are anybody's.
      if (!isAlone && !tag.startsWith('commit-')) continue;
      const isThere = holds(repository, tag) === digest;
      if ((state === 'published' || state === 'unchanged') && !isThere) lies.push(`${name}:${tag} is told as ${state}`);
      if (state === 'missing' && isThere && isAlone) lies.push(`${name}:${tag} is told as missing`);
    }
    lies.push(
      ...latestLies(
        `${name}:latest`,
        latest,
        holds(repository, 'latest'),
        lock?.images[name]?.digest ?? digest,
        isAlone,
      ),
    );
  }
  const stored = holds(set.repository, set.tag);
  const isStored = set.state === 'published' || set.state === 'unchanged';
  if (isStored && isAlone && stored !== set.digest) lies.push(`the set is told as ${set.state}`);
  if (isStored && stored === undefined) lies.push(`the set is told as ${set.state} and is not there`);
  if (set.state === 'missing' && stored !== undefined && set.digest === stored) lies.push('the set is told as missing');
  lies.push(...latestLies('kfp-images-set:latest', set.latest, holds(set.repository, 'latest'), set.digest, isAlone));
  if (publication.kind === 'published' || publication.kind === 'unchanged') {
    if (!isStored) lies.push(`the publication is told as ${publication.kind}, its set as ${set.state}`);
    if (publication.error !== undefined) lies.push('a publication that went well has an error');
  } else if (publication.notes.length === 0) lies.push('a publication that did not go well has nothing to say');
  if (set.tag !== commitTag(lock?.commit ?? set.tag.slice('commit-'.length)))
    lies.push('the lock is of another commit');
  return lies;
}

function latestLies(
  what: string,
  told: LatestState | undefined,
  has: string | undefined,
  ours: string | undefined,
  isAlone: boolean,
): readonly string[] {
  if (told === undefined || told.kind === 'unknown' || !isAlone) return [];
  const lies: string[] = [];
  if (told.digest !== has && !(told.kind === 'kept' && told.digest === undefined)) {
    lies.push(`${what} is told to name ${told.digest ?? 'nothing'} and names ${has ?? 'nothing'}`);
  }
  const isOurs = has === ours;
  if ((told.kind === 'moved' || told.kind === 'unchanged' || told.kind === 'stuck') && !isOurs) {
    lies.push(`${what} is told as ${told.kind} and is not ours`);
  }
  return lies;
}
