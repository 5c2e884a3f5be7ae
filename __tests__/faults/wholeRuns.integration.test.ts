import { expect, test } from 'vitest';
import { tellFigures } from './figures';
import { startWholeGround } from './wholeGround';
import { playWhole, type WholeReport } from './wholeRound';
import { wholeScenario } from './wholeScenario';

/* The Action as a runner runs it, disturbed: real builds, a real registry. One seed again: `npm run faults -- --seed w7`. */

const only = process.env['KFP_IMAGES_FAULT_SEED'];
const seeds = Number(process.env['KFP_IMAGES_FAULT_WHOLE_RUNS'] ?? 16);
/** Each has a fork and a registry of its own. */
const lanes = 2;

/** Neighbours stay together: each is published on the one before. */
function shares(): readonly (readonly number[])[] {
  if (only !== undefined) return [[Number(only.replace('w', ''))]];
  const all = Array.from({ length: seeds }, (_, index) => index + 1);
  const size = Math.ceil(seeds / lanes);
  return Array.from({ length: lanes }, (_, lane) => all.slice(lane * size, (lane + 1) * size));
}

async function playShare(share: readonly number[]): Promise<readonly WholeReport[]> {
  await using ground = await startWholeGround(Math.max(...share));
  const reports: WholeReport[] = [];
  for (const seed of share) {
    const report = await playWhole(ground, wholeScenario(seed));
    for (const problem of report.problems) console.error(problem);
    reports.push(report);
  }
  return reports;
}

test('every seed holds, with whole runs', { timeout: 3_600_000 }, async () => {
  const startedAt = Date.now();
  const reports = (await Promise.all(shares().map(playShare))).flat();
  const counts = new Map<string, number>();
  for (const ending of reports.flatMap(({ endings }) => endings)) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  const list = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([ending, count]) => `${ending} ${count}`);
  const faults = reports.reduce((sum, report) => sum + report.faults, 0);
  const broken = reports.filter(({ problems }) => problems.length > 0).length;
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
  await tellFigures(
    `whole runs: ${reports.length} seeds, ${list.join(', ')}, ${faults} faults, ${seconds} s, ${broken} broken`,
  );
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
});
