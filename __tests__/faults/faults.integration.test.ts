import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { figuresOf, tellFigures } from './figures';
import { startFixture, type Fixture } from './fixture';
import { withoutAncestorCheck, withoutReadBack, withoutRedirectRule, withoutRollback } from './mutants';
import { inProcesses } from './processes';
import { inThisProcess, playRound, playRounds, type Player, type Report } from './round';
import { scenarioOf, scenariosOf, type Scenario } from './scenario';

/* The fault suite. One seed again: `npm run faults -- --seed 17` (or p17, for one in processes). */

const runs = Number(process.env['KFP_IMAGES_FAULT_RUNS'] ?? 300);
const only = process.env['KFP_IMAGES_FAULT_SEED'];
/** A registry's log is kept in memory. */
const seedsPerGround = 500;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

function scenarios(): readonly Scenario[] {
  if (only !== undefined) return [scenarioOf(Number(only.replace('p', '')), only.startsWith('p'))];
  return scenariosOf(runs);
}

test('every seed holds', { timeout: 4 * 3_600_000 }, async () => {
  const startedAt = Date.now();
  const all = scenarios();
  const reports: Report[] = [];
  for (let start = 0; start < all.length; start += seedsPerGround) {
    if (start > 0) {
      await fixture[Symbol.asyncDispose]();
      fixture = await startFixture();
    }
    const processes = await inProcesses(fixture.folder);
    const players = (scenario: Scenario): Player => (scenario.inProcesses ? processes : inThisProcess({}));
    reports.push(...(await playRounds(fixture, all.slice(start, start + seedsPerGround), players)));
  }
  await tellFigures(figuresOf(reports, (Date.now() - startedAt) / 1000));
  expect(reports).toHaveLength(all.length);
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
});

describe('a safeguard taken away is found', () => {
  const base = scenarioOf(1, false);
  const whole = (commit: string): Scenario['runs'][number] => ({
    commit,
    images: { driver: commit, apiserver: commit },
  });
  const scenario = (seed: number, change: Partial<Scenario>): Scenario => ({
    ...base,
    seed,
    kind: 'denial',
    auth: 'htpasswd',
    standing: whole('base'),
    runs: [whole('new')],
    profile: { seed, rate: 0, redirects: false },
    signal: undefined,
    isStrict: true,
    inProcesses: false,
    ...change,
  });
  const denial = (pattern: RegExp, kind: string): Partial<Scenario> => ({
    profile: { seed: 0, rate: 0, redirects: false, denial: { pattern, kind } },
  });

  test.each([
    {
      name: 'reading back',
      meddling: withoutReadBack,
      round: scenario(900_001, denial(/^PUT .*\/driver\/manifests\/commit-/, 'lost')),
      finds: /Truth: driver:commit-\S+ is told as published/,
    },
    {
      name: 'the ancestor check',
      meddling: withoutAncestorCheck,
      round: scenario(900_003, { kind: 'aside', standing: whole('side') }),
      finds: /I2: kfp-images-set:latest was at side and is at new/,
    },
    {
      name: 'the ancestor check, with a late run',
      meddling: withoutAncestorCheck,
      round: scenario(900_005, { kind: 'late', runs: [whole('new'), whole('old')] }),
      finds: /Half: kfp-images-set:latest is/,
    },
    {
      name: 'going back',
      meddling: withoutRollback,
      round: scenario(900_007, denial(/^PUT .*\/kfp-images-set\/manifests\/latest$/, '403')),
      finds: /Half: driver:latest is/,
    },
  ])('$name', async ({ meddling, round, finds }) => {
    expect((await playRound(fixture, round, inThisProcess({}))).problems).toEqual([]);
    const { problems } = await playRound(fixture, { ...round, seed: round.seed + 1 }, inThisProcess(meddling()));
    expect(problems.join('\n')).toMatch(finds);
  });

  test('dropping the login at another origin', async () => {
    const round = scenario(900_009, { profile: { seed: 0, rate: 0, redirects: true } });
    expect((await playRound(fixture, round, inThisProcess({}))).problems).toEqual([]);
    const undo = withoutRedirectRule();
    try {
      const { problems } = await playRound(fixture, { ...round, seed: round.seed + 1 }, inThisProcess({}));
      expect(problems.join('\n')).toMatch(/I4: a login went to another origin/);
    } finally {
      undo();
    }
  });
});
