import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEndToEndFixture, type EndToEndFixture } from './endToEndFixture';
import { bundleChanged, type SourceChange } from './endToEndMutants';
import { playEndToEnd, type EndToEndReport } from './endToEndRound';
import { scenarioOfSeed, type EndToEndScenario } from './endToEndScenario';

/* Safeguards that only whole runs need: with any of them taken away, whole runs have to find something. */

let fixture: EndToEndFixture;
let folder: string;
let main: string;
let post: string;
let seed = 1;
/** Each round is played once with everything in its place. */
const controls = new Map<Partial<EndToEndScenario>, Promise<EndToEndReport>>();

beforeAll(async () => {
  fixture = await startEndToEndFixture(Array.from({ length: 20 }, (_, index) => index + 1));
  folder = join(fixture.folder, 'bundles');
  await mkdir(folder);
  [main, post] = await Promise.all([bundleChanged(folder, 'main'), bundleChanged(folder, 'post')]);
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const disturbed = (change: Partial<EndToEndScenario>): EndToEndScenario => ({
  ...scenarioOfSeed(1),
  ...{ kind: 'chance', auth: 'htpasswd', isFirst: true, runs: ['b'], delayMs: 0 },
  ...{ profile: undefined, signal: undefined, outage: undefined },
  ...change,
  seed: seed++,
});

const pattern = /^PUT .*\/driver\/manifests\/commit-/;
const refused = { profile: { seed: 0, rate: 0, redirects: false, denial: { pattern, kind: '403' } } };

const changes: readonly (SourceChange & {
  readonly name: string;
  readonly round: Partial<EndToEndScenario>;
  readonly finds: RegExp;
})[] = [
  {
    name: 'the set after the tags',
    ...{ entry: 'main', file: 'src/publish/publication.ts' },
    from: "await step(['tag'], ",
    to: "await publishLock(registry, mine, order.binds, order.created);\n    await step(['tag'], ",
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
  const control = controls.get(round) ?? playEndToEnd(fixture, disturbed(round), whole);
  controls.set(round, control);
  expect((await control).problems).toEqual([]);
  const changed = { ...whole, [change.entry]: await bundleChanged(folder, change.entry, change) };
  const { problems } = await playEndToEnd(fixture, disturbed(round), changed);
  expect(problems.join('\n')).toMatch(finds);
});
