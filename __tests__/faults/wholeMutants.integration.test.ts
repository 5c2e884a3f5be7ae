import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWholeGround, type WholeGround } from './wholeGround';
import { bundleChanged, type SourceChange } from './wholeMutants';
import { playWhole, type WholeReport } from './wholeRound';
import { wholeScenario, type WholeScenario } from './wholeScenario';

/* Safeguards that only whole runs need: with any of them taken away, whole runs have to find something. */

let ground: WholeGround;
let folder: string;
let main: string;
let post: string;
let seed = 1;
/** Each round is played once with everything in its place. */
const controls = new Map<Partial<WholeScenario>, Promise<WholeReport>>();

beforeAll(async () => {
  ground = await startWholeGround(Array.from({ length: 20 }, (_, index) => index + 1));
  folder = join(ground.folder, 'bundles');
  await mkdir(folder);
  [main, post] = await Promise.all([bundleChanged(folder, 'main'), bundleChanged(folder, 'post')]);
});

afterAll(async () => {
  await ground[Symbol.asyncDispose]();
});

const disturbed = (change: Partial<WholeScenario>): WholeScenario => ({
  ...wholeScenario(1),
  ...{ kind: 'chance', auth: 'htpasswd', isFirst: true, runs: ['b'], delayMs: 0 },
  ...{ profile: undefined, signal: undefined, outage: undefined },
  ...change,
  seed: seed++,
});

const pattern = /^PUT .*\/driver\/manifests\/commit-/;
const refused = { profile: { seed: 0, rate: 0, redirects: false, denial: { pattern, kind: '403' } } };

const changes: readonly (SourceChange & {
  readonly name: string;
  readonly round: Partial<WholeScenario>;
  readonly finds: RegExp;
})[] = [
  {
    name: 'the set after the tags',
    ...{ entry: 'main', file: 'src/publish/publication.ts' },
    from: "  await step('tag', ",
    to: "  await publishLock(registry, mine, order.binds, order.created);\n  await step('tag', ",
    round: refused,
    finds: /I1: kfp-images-set:commit-\w+ is of \w+, whose driver is another/,
  },
  {
    name: 'the truth about a tag',
    ...{ entry: 'main', file: 'src/report/summaryPublication.ts' },
    from: "missing: '❌ not published'",
    to: "missing: '✅ published'",
    round: refused,
    finds: /Truth: the summary says: \| `driver`/,
  },
  {
    name: 'stopping in good order',
    ...{ entry: 'main', file: 'src/commands/session.ts' },
    from: "process.on('SIGINT', handlers.SIGINT).on('SIGTERM', handlers.SIGTERM);",
    to: '',
    round: { kind: 'stop', signal: { name: 'SIGTERM', intoStepMs: 0 } },
    finds: /Truth: ended by SIGTERM/,
  },
  {
    name: 'the clearing up of post',
    ...{ entry: 'post', file: 'src/system/scratch.ts' },
    from: 'rmSync(folder, { recursive: true, force: true, maxRetries: 2, retryDelay: 50 });',
    to: '',
    round: { kind: 'kill', signal: { name: 'SIGKILL', intoStepMs: 0 } },
    finds: /I5: temp\/kfp-images-\w+ is left/,
  },
];

test.each(changes)('$name', { timeout: 600_000 }, async ({ round, finds, ...change }) => {
  const whole = { main, post };
  const control = controls.get(round) ?? playWhole(ground, disturbed(round), whole);
  controls.set(round, control);
  expect((await control).problems).toEqual([]);
  const changed = { ...whole, [change.entry]: await bundleChanged(folder, change.entry, change) };
  const { problems } = await playWhole(ground, disturbed(round), changed);
  expect(problems.join('\n')).toMatch(finds);
});
