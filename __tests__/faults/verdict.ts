import { expectedLatest, forwardness, latestOf, truth, wholeness, type Latest, type Releases } from './invariants';
import type { Played } from './client';
import type { Ended } from './round';
import type { Scenario } from './scenario';
import type { Storage } from './storage';

/** I1, I2, what `latest` has to be, and the truth, right after the disturbance. */
export async function checkRound(
  scenario: Scenario,
  endings: readonly Ended[],
  before: Latest,
  after: Storage,
  releases: Releases,
): Promise<readonly string[]> {
  const played = endings.map((ending) => ending.played);
  const isAlone = scenario.runs.length === 1;
  const problems = [...(await wholeness(after)), ...(await forwardness(before, latestOf(after), releases))];
  for (const one of played) if (one !== undefined) problems.push(...truth(one, after, isAlone));
  const succeeded = scenario.runs.filter((_, index) => {
    const one = played[index];
    return one !== undefined && one.kind !== 'not-built' && ['moved', 'unchanged', 'left'].includes(one.latest.kind);
  });
  const want = expectedLatest(
    before,
    succeeded.map(({ commit }) => commit),
    releases,
  );
  const has = latestOf(after);
  for (const [repository, digest] of want) {
    if (has.get(repository) === digest) continue;
    if (played.includes(undefined) || isExcused(scenario, played, repository)) continue;
    problems.push(`Half: ${repository}:latest is ${has.get(repository) ?? 'nothing'}, not ${digest ?? 'nothing'}`);
  }
  return problems;
}

/** A run that told what it could not put right, where something went wrong by chance, or where there was nothing to go back to. */
function isExcused(scenario: Scenario, played: readonly (Played | undefined)[], repository: string): boolean {
  return played.some((one) => {
    if (one === undefined || one.kind === 'not-built' || one.notes.length === 0) return false;
    const state =
      repository === 'kfp-images-set' ? one.set.latest : one.images.find(({ name }) => name === repository)?.latest;
    const hadToStay = scenario.standing === undefined && state?.kind === 'stuck';
    return hadToStay || !scenario.isStrict;
  });
}

/** How the runs of a round ended, for a report. */
export function describeEndings(endings: readonly Ended[]): string {
  return endings
    .map(({ played }) => {
      if (played === undefined) return '\n  killed';
      if (played.kind === 'not-built') return `\n  not built: ${played.error}`;
      const states = [
        ...played.images.map(({ name, latest }) => `${name} ${latest?.kind ?? '-'}`),
        `set ${played.set.latest?.kind ?? '-'}`,
      ];
      return `\n  ${played.kind}, latest ${played.latest.kind}: ${states.join(', ')}; ${played.notes.join(' ')} ${String(played.error)}`;
    })
    .join('');
}
