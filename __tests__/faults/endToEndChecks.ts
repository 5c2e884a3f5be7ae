import { latestOf, type Latest } from './invariants';
import type { Storage } from './storage';
import type { EndToEndEnding } from './endToEndRun';

const images = ['driver', 'launcher', 'apiserver', 'kfp-images-set'] as const;

/** What a commit's run published, as its tags in the registry's storage say: repository → digest; only what is there. */
const published = (storage: Storage, commit: string): ReadonlyMap<string, string | undefined> =>
  new Map(images.map((image) => [image, storage.tags.get(image)?.get(`commit-${commit}`)]));

/** Places, in the line of commits (oldest first), of those whose tag names this digest. */
const placesOf = (storage: Storage, line: readonly string[], repository: string, digest: string): readonly number[] =>
  line.flatMap((commit, place) => (storage.tags.get(repository)?.get(`commit-${commit}`) === digest ? [place] : []));

/** I2: no `latest` is gone, names what no commit has, or only what older commits have. */
export function wentBack(before: Latest, after: Storage, line: readonly string[]): readonly string[] {
  const problems: string[] = [];
  for (const [repository, stood] of before) {
    const stands = latestOf(after).get(repository);
    if (stood === undefined || stands === stood) continue;
    const newest = Math.max(-1, ...(stands === undefined ? [] : placesOf(after, line, repository, stands)));
    if (newest < Math.min(...placesOf(after, line, repository, stood))) {
      problems.push(`I2: ${repository}:latest was ${stood} and is ${stands ?? 'nothing'}`);
    }
  }
  return problems;
}

/** I3: every `latest` is what the commit's run published. */
export function notAt(commit: string, storage: Storage): readonly string[] {
  return [...published(storage, commit)].flatMap(([repository, digest]) =>
    digest !== undefined && storage.tags.get(repository)?.get('latest') === digest
      ? []
      : [`I3: ${repository}:latest is not at ${commit}`],
  );
}

/** I3: what was published of a commit as a set is the same after a repeat. */
export function changedByRepeat(commit: string, before: Storage, after: Storage): readonly string[] {
  const had = published(before, commit);
  if (had.get('kfp-images-set') === undefined) return [];
  return [...published(after, commit)].flatMap(([repository, digest]) =>
    digest === had.get(repository)
      ? []
      : [
          `I3: again, ${repository}:commit-${commit} is ${digest ?? 'nothing'} and was ${had.get(repository) ?? 'nothing'}`,
        ],
  );
}

/** Exit status and summary, against what the storage holds. `isLast`: nobody else may have moved `latest` since. */
export function liesOfWhole(end: EndToEndEnding, commit: string, storage: Storage, isLast: boolean): readonly string[] {
  const lies: string[] = [];
  const has = published(storage, commit);
  const isWhole = [...has.values()].every((digest) => digest !== undefined);
  const isLatest = notAt(commit, storage).length === 0;
  const says = (pattern: RegExp, what: string): void => {
    if (!pattern.test(end.summary))
      lies.push(`Truth: ${what}, and the summary says ${end.summary.slice(0, 200) || 'nothing'}`);
  };
  if (end.killedBy === 'SIGKILL') return end.isSignalled ? [] : ['Truth: somebody else killed it'];
  switch (end.code) {
    case 0:
      if (!isWhole) lies.push(`Truth: exit 0, and not all of ${commit} is published`);
      if (isLast && !isLatest) lies.push(`Truth: exit 0, and latest is not at ${commit}`);
      says(/^## ✅ 3 images published/, 'exit 0');
      break;
    case 1:
      says(/^## ❌ /, 'exit 1');
      break;
    case 130:
    case 143:
      if (!end.isSignalled) lies.push(`Truth: exit ${end.code} without a signal`);
      says(/^## ⚠️ Interrupted/, `exit ${end.code}`);
      break;
    case undefined:
      // Before it listened to signals: then it has neither done nor said anything.
      if (!end.isSignalled || end.output.trim() !== '' || end.summary !== '')
        lies.push(`Truth: ended by ${String(end.killedBy)}`);
      break;
    default:
      lies.push(`Truth: exit ${end.code}`);
  }
  const set = has.get('kfp-images-set');
  if (/^- Release set: .*✅/m.test(end.summary) && set === undefined)
    lies.push('Truth: the summary has a set, the registry none');
  if (/^- Release set: .*❌/m.test(end.summary) && set !== undefined)
    lies.push('Truth: the registry has a set, the summary none');
  if (isLast && /^- `latest`: (moved to|is at) this commit/m.test(end.summary) && !isLatest) {
    lies.push('Truth: the summary moved latest, the registry did not');
  }
  return lies;
}

/** Where the engine was gone: every image that could not be built, or else the run, says so and what to do. */
export function withoutReason({ code, output }: EndToEndEnding): readonly string[] {
  const failed = [...output.matchAll(/^::error::Image (\w+) could not be built:.*$/gm)].map(([line]) => line);
  const errors = failed.length > 0 ? failed : [output];
  return code === 1 && errors.some((text) => !/The Docker engine (ended while it built|does not answer)/.test(text))
    ? [`Truth: the engine was gone, and ${errors.join('\n').slice(-1500)}`]
    : [];
}
