import { describe, expect, test, vi } from 'vitest';
import { explore, sample, type Disturbances } from '../../support/interleavings';
import { checkLine, checkSides, modelMaker, type Run, type Scenario } from '../../support/promotionModel';

vi.setConfig({ testTimeout: 1_200_000 });

// The model's steps are calls of the registry, which shows at once what was put: waiting between two looks is none of them.
vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

const whole = (commit: string): Run => ({ commit, images: { driver: commit, launcher: commit } });
const driver = (commit: string, content = commit): Run => ({ commit, images: { driver: content } });

const scale = Number(process.env['KFP_IMAGES_MODEL_SCALE'] ?? 1);
const seeds = function* (count: number): Iterable<number> {
  const from = Number(process.env['KFP_IMAGES_MODEL_SEED'] ?? 0);
  for (let seed = from; seed < from + count * scale; seed++) yield seed;
};

const samples: readonly (readonly [string, Scenario, Disturbances])[] = [
  ['three runs of whole sets', { standing: whole('base'), runs: [whole('old'), whole('mid'), whole('new')] }, {}],
  ['partial sets that overlap', { standing: whole('base'), runs: [whole('old'), driver('new')] }, {}],
  [
    'three partial sets',
    { standing: whole('base'), runs: [driver('old'), { commit: 'mid', images: { launcher: 'mid' } }, whole('new')] },
    {},
  ],
  [
    'nothing but the commit changed',
    {
      standing: whole('base'),
      runs: [
        { commit: 'old', images: { driver: 'base', launcher: 'base' } },
        { commit: 'new', images: { driver: 'base', launcher: 'base' } },
      ],
    },
    {},
  ],
  ['one fails', { standing: whole('base'), runs: [whole('old'), whole('new')] }, { fail: 1 }],
  ['one fails, first publication', { runs: [whole('old'), whole('new')] }, { fail: 1 }],
  [
    'one fails, first publication, tags stay',
    { runs: [whole('old'), whole('new')], options: { deletesTags: false } },
    { fail: 1 },
  ],
  ['one is stopped', { standing: whole('base'), runs: [whole('old'), whole('new')] }, { stop: 1 }],
  ['both are stopped', { standing: whole('base'), runs: [whole('old'), whole('new')] }, { stop: 2 }],
  [
    'one fails, one is stopped, of three',
    { standing: whole('base'), runs: [whole('old'), whole('mid'), whole('new')] },
    { fail: 1, stop: 1 },
  ],
  ['partial sets, one fails', { standing: whole('base'), runs: [whole('old'), driver('new')] }, { fail: 1 }],
  [
    'partial sets, one is stopped',
    { standing: whole('base'), runs: [driver('old'), whole('mid'), driver('new')] },
    { stop: 1 },
  ],
  [
    'an image is as it was before it changed',
    {
      standing: whole('base'),
      runs: [
        driver('old'),
        { commit: 'mid', images: { driver: 'base' } },
        { commit: 'new', images: { launcher: 'new' } },
      ],
    },
    {},
  ],
  ['one is killed', { standing: whole('base'), runs: [whole('old'), whole('new')] }, { kill: 1 }],
  [
    'one is killed, one stopped, of three',
    { standing: whole('base'), runs: [whole('old'), whole('mid'), whole('new')] },
    { kill: 1, stop: 1 },
  ],
];

describe('runs at once, by chance', () => {
  test.each(samples)('%s', async (_, scenario, disturbances) => {
    const ends = await sample(await modelMaker(scenario), disturbances, seeds(200), checkLine);
    expect(ends).toBe(200 * scale);
  });
});

const order = (run: Run): Run => ({ ...run, override: true });

const sides: readonly (readonly [string, readonly Run[]])[] = [
  ['two branches', [whole('mid'), whole('side')]],
  ['two branches, the newer commit on one', [whole('mid'), whole('new'), whole('side')]],
  ['one forced', [whole('mid'), order(whole('side'))]],
  ['both forced', [order(whole('mid')), order(whole('side'))]],
  ['one forced, two on the other branch', [order(whole('side')), whole('mid'), whole('new')]],
];

describe('runs of different branches at once, by chance', () => {
  test.each(sides)('%s', async (_, runs) => {
    const ends = await sample(await modelMaker({ standing: whole('old'), runs }), {}, seeds(200), checkSides);
    expect(ends).toBe(200 * scale);
  });
});

const everyOrder: readonly (readonly [string, Scenario])[] = [
  ['a newer and an older commit', { standing: driver('base'), runs: [driver('old'), driver('new')] }],
  [
    'nothing but the commit changed',
    { standing: driver('base'), runs: [driver('old', 'base'), driver('new', 'base')] },
  ],
];
const first: readonly [string, Scenario] = ['the first publication', { runs: [driver('old'), driver('new')] }];

describe('every order of two runs', () => {
  // The first publication has three times as many states: for when there is time.
  test.each(scale > 1 ? [...everyOrder, first] : everyOrder)('%s', async (_, scenario) => {
    const { states, ends } = await explore(await modelMaker(scenario), {}, checkLine);
    // Each of them: the numbers only tell that there is something to choose. Fewer requests give fewer.
    expect(states).toBeGreaterThan(1000);
    expect(ends).toBeGreaterThan(20);
  });
});

/** Runs, the most preemptions, and the fewest states that there are then. */
const bounded: readonly (readonly [string, Scenario, number, number])[] = [
  ['whole sets', { standing: whole('base'), runs: [whole('old'), whole('new')] }, 2, 4000],
  ['partial sets that overlap', { standing: whole('base'), runs: [whole('old'), driver('new')] }, 2, 3000],
  ['the first publication', { runs: [whole('old'), whole('new')] }, 2, 8000],
  ['three runs', { standing: driver('base'), runs: [driver('old'), driver('mid'), driver('new')] }, 1, 3000],
];

describe('every order in which few runs have to wait', () => {
  test.each(bounded)('%s', async (_, scenario, preemptions, least) => {
    const { states, ends } = await explore(await modelMaker(scenario), {}, checkLine, preemptions);
    expect(states).toBeGreaterThan(least);
    expect(ends).toBeGreaterThan(50);
  });
});
