import { parseLockFile } from '../../src/publish/lockFile';
import { storedLock } from './invariants';
import type { Storage } from './storage';
import type { EndToEndEnding } from './endToEndRun';

const set = 'kfp-images-set';

/**
 * The outputs, the lock file on disk, and what the summary says of single tags, against what the storage holds. Where `isAlone` is false another
 * run may have moved `latest` since.
 */
export async function liesOfWords(
  end: EndToEndEnding,
  commit: string,
  storage: Storage,
  isAlone: boolean,
): Promise<readonly string[]> {
  const stored = storage.tags.get(set)?.get(`commit-${commit}`);
  const lock = stored === undefined ? undefined : await storedLock(storage, stored);
  const inSet = Object.values(lock?.images ?? {}).map(({ repository, digest }) => `${repository}@${digest}`);
  return [
    ...liesOfOutputs(end, lock === undefined ? [] : inSet),
    ...(end.lockFile === undefined || JSON.stringify(parseLockFile(end.lockFile, 'lock-file')) === JSON.stringify(lock)
      ? []
      : ['the lock file on disk is not the one of the set']),
    ...liesOfPulls(end, commit, storage),
    ...liesOfRows(end.summary, storage, isAlone),
    ...liesOfSilence(end, commit, storage),
  ].map((lie) => `Truth: ${lie}`);
}

/** The outputs name exactly the images of the set, or none: then there is no lock file either. */
function liesOfOutputs({ outputs, code, lockFile }: EndToEndEnding, inSet: readonly string[]): readonly string[] {
  const named = Object.values(JSON.parse(outputs.get('images') ?? '{}') as Readonly<Record<string, string>>);
  const lies: string[] = [];
  if (code === 0 && named.length === 0) lies.push('exit 0, and the output `images` is empty');
  if (named.length > 0 && [...named].sort().join() !== [...inSet].sort().join())
    lies.push(`the output \`images\` has ${named.join(', ')}, the set has ${inSet.join(', ')}`);
  if ((lockFile !== undefined) !== named.length > 0) lies.push('of `images` and `lock-file` only one says something');
  return lies;
}

/** What the summary gives to pull is what the commit's tags name; after success, all of it. */
function liesOfPulls({ summary, code }: EndToEndEnding, commit: string, storage: Storage): readonly string[] {
  const pulls = [...summary.matchAll(/^docker pull \S+\/([^/@\s]+)@(sha256:[0-9a-f]{64})$/gm)];
  const lies = pulls.flatMap(([line, repository = '', digest]) =>
    storage.tags.get(repository)?.get(`commit-${commit}`) === digest ? [] : [`the summary says: ${line}`],
  );
  if (code === 0 && pulls.length !== 3) lies.push(`exit 0, and the summary has ${pulls.length} images to pull`);
  return lies;
}

/** The table of what is in the registry, which a summary has after a publication that did not go well. */
function liesOfRows(summary: string, storage: Storage, isAlone: boolean): readonly string[] {
  const table = summary.slice(Math.max(0, summary.indexOf('**What is in the registry**')));
  const lies: string[] = [];
  for (const [row, image = '', cell = '', latest = ''] of table.matchAll(
    /^\| `([\w-]+)` \| ([^|]*) \| ([^|]*) \|$/gm,
  )) {
    const tags = storage.tags.get(image);
    for (const [, tag = '', mark] of cell.matchAll(/`(commit-[0-9a-f]{40})` ([✅❌❔])/gu)) {
      if (mark !== '❔' && (mark === '✅') !== tags?.has(tag)) lies.push(`the summary says: ${row}`);
    }
    const commitTag = /commit-[0-9a-f]{40}/.exec(cell)?.[0] ?? '';
    const isOurs = tags?.get('latest') !== undefined && tags.get('latest') === tags.get(commitTag);
    if (isAlone && /^(✅|❌)/.test(latest) && !isOurs) lies.push(`the summary says: ${row}`);
  }
  return lies;
}

/** A run that ended before it published says nothing of a set, and the registry has nothing of its commit. */
function liesOfSilence({ summary, killedBy }: EndToEndEnding, commit: string, storage: Storage): readonly string[] {
  if (summary.includes('### Release set') || killedBy === 'SIGKILL') return [];
  return [...storage.tags].flatMap(([repository, tags]) =>
    tags.has(`commit-${commit}`) ? [`${repository}:commit-${commit} is there, and the summary has no release set`] : [],
  );
}
