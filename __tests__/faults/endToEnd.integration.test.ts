import { expect, test } from 'vitest';
import { tellFigures, endToEndFigures } from './figures';
import { privateEngine } from './privateEngine';
import { startEndToEndFixture } from './endToEndFixture';
import { playEndToEnd, type EndToEndReport } from './endToEndRound';
import { restartScenario, scenarioOfSeed, type EndToEndScenario } from './endToEndScenario';

/* The Action as a runner runs it, disturbed: real builds, a real registry. One seed again: `npm run faults -- --seed w7`, or e1. */

const only = process.env['KFP_IMAGES_FAULT_SEED'];
const seeds = Number(process.env['KFP_IMAGES_FAULT_WHOLE_RUNS'] ?? 12);
const first = Number(process.env['KFP_IMAGES_FAULT_WHOLE_FROM'] ?? 1);
/** Each has a fork and registries of its own. */
const lanes = 2;
/** Of those that stop the engine, there is one for so many others. */
const restartShare = 6;

const numbers = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index);

/** Neighbours stay together: each is published on the one before. */
function shares(): readonly (readonly number[])[] {
  if (only !== undefined) return only.startsWith('w') ? [[Number(only.slice(1))]] : [];
  const size = Math.ceil(seeds / lanes);
  const shared = numbers(0, lanes).map((lane) => numbers(first, seeds).slice(lane * size, (lane + 1) * size));
  return shared.filter((share) => share.length > 0);
}

/** Empty where the engine is not ours to stop. */
async function restarts(): Promise<readonly number[]> {
  if ((await privateEngine()) === undefined) return [];
  if (only !== undefined) return only.startsWith('e') ? [Number(only.slice(1))] : [];
  return numbers(first, Math.ceil(seeds / restartShare));
}

async function playShare(
  share: readonly number[],
  scenarioOf: (seed: number) => EndToEndScenario,
): Promise<readonly EndToEndReport[]> {
  await using fixture = await startEndToEndFixture(share);
  const reports: EndToEndReport[] = [];
  for (const seed of share) {
    const report = await playEndToEnd(fixture, scenarioOf(seed));
    for (const problem of report.problems) console.error(problem);
    reports.push(report);
  }
  return reports;
}

test('every seed holds, with whole runs', { timeout: 3_600_000 }, async () => {
  const startedAt = Date.now();
  const own = shares();
  const reports = (await Promise.all(own.map((share) => playShare(share, scenarioOfSeed)))).flat();
  // After the others, whose builds would end with the engine.
  const alone = await restarts();
  if (alone.length > 0) reports.push(...(await playShare(alone, restartScenario)));
  await tellFigures(endToEndFigures(reports, (Date.now() - startedAt) / 1000));
  expect(reports).toHaveLength(own.flat().length + alone.length);
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
});
