import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chosenRuns, isGood, pauseFor } from '../../src/commands/watch/choose';
import { gitHubAt, parseRemote } from '../../src/commands/watch/repository';
import { endLines, jobLine, liveLines } from '../../src/commands/watch/format';
import type { WorkflowJob, WorkflowRun } from '../../src/event/workflowRuns';
import { noPaint } from '../../src/report/paint';
import { columns } from '../../src/report/width';

const run = (own: Partial<WorkflowRun> = {}): WorkflowRun => ({
  id: 1,
  number: 12,
  attempt: 1,
  workflow: 'Build backend images',
  path: '.github/workflows/build-backend-images.yaml',
  calls: [],
  event: 'push',
  branch: 'main',
  status: 'completed',
  conclusion: 'success',
  startedAt: '2026-11-23T08:00:00Z',
  updatedAt: '2026-11-23T08:03:05Z',
  url: 'https://github.com/o/n/actions/runs/1',
  ...own,
});
const job = (own: Partial<WorkflowJob> = {}): WorkflowJob => ({
  id: 1,
  name: 'Images / Plan',
  status: 'completed',
  conclusion: 'success',
  startedAt: '2026-11-23T08:00:00Z',
  completedAt: '2026-11-23T08:00:23Z',
  url: 'https://github.com/o/n/actions/runs/1/job/1',
  steps: [],
  ...own,
});
const going = { status: 'in_progress', conclusion: undefined };

describe('the repository of a remote', () => {
  test.each([
    ['https://github.com/dana/pipelines.git', 'https://api.github.com'],
    ['https://dana:secret@github.com/dana/pipelines', 'https://api.github.com'],
    ['git@github.com:dana/pipelines.git', 'https://api.github.com'],
    ['ssh://git@github.com/dana/pipelines.git', 'https://api.github.com'],
    ['ssh://git@ssh.github.com:443/dana/pipelines.git', 'https://api.github.com'],
    ['git@GitHub.com:dana/pipelines', 'https://api.github.com'],
    ['git@acme.ghe.com:dana/pipelines.git', 'https://api.acme.ghe.com'],
    ['https://git.example.com/dana/pipelines.git', 'https://git.example.com/api/v3'],
    ['https://git.example.com:8443/dana/pipelines/', 'https://git.example.com:8443/api/v3'],
    ['ssh://git@git.example.com:2222/dana/pipelines.git', 'https://git.example.com/api/v3'],
  ])('%s', (url, apiUrl) => {
    const place = parseRemote(url);
    expect(place).toMatchObject({ owner: 'dana', name: 'pipelines' });
    if (place === undefined) return;
    expect(gitHubAt(place, { GH_HOST: 'git.example.com' })?.repository).toMatchObject({ owner: 'dana', apiUrl });
  });

  test.each([
    '/srv/git/pipelines.git',
    'file:///srv/git/dana/pipelines.git',
    '../pipelines',
    'https://github.com/pipelines',
    '',
  ])('none: %s', (url) => {
    expect(parseRemote(url)).toBeUndefined();
  });

  test('a host that nobody calls GitHub gets no token; a login of gh, GH_HOST or GITHUB_SERVER_URL say that it is', () => {
    const place = parseRemote('git@gitlab.example.com:dana/pipelines.git');
    if (place === undefined) throw new Error('not parsed');
    expect(gitHubAt(place, {})).toBeUndefined();
    expect(gitHubAt(place, {}, true)).toMatchObject({ kind: 'server' });
    expect(gitHubAt(place, { GITHUB_SERVER_URL: 'https://gitlab.example.com/' })).toMatchObject({
      kind: 'dotcom',
      repository: { serverUrl: 'https://gitlab.example.com', apiUrl: 'https://gitlab.example.com/api/v3' },
    });
  });

  test('whatever text it is, it ends soon, and what is found has no blank or slash in it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (text) => {
        const place = parseRemote(`https://github.com/${text}`);
        if (place !== undefined) expect(`${place.owner} ${place.name}`).toMatch(/^[\w.-]+ [\w.-]+$/);
      }),
    );
    expect(parseRemote(`git@${'a.'.repeat(100_000)}`)).toBeUndefined();
  });
});

describe('which runs are followed', () => {
  const other = run({ id: 2, path: '.github/workflows/ci.yml', workflow: 'CI' });
  test.each([
    ['the one that builds images', [other, run()], undefined, [1]],
    [
      'by its file at a ref',
      [run({ path: '.github/workflows/build-backend-images.yml@refs/heads/main' })],
      undefined,
      [1],
    ],
    [
      'one that calls ours',
      [
        run({
          path: '.github/workflows/x.yml',
          calls: ['dana/kfp-images/.github/workflows/build-backend-images.yaml@v1'],
        }),
      ],
      undefined,
      [1],
    ],
    [
      'those that go on, not one that has ended',
      [run(), run({ id: 5, ...going }), run({ id: 6, ...going })],
      undefined,
      [5, 6],
    ],
    ['of those that have ended the newest', [run(), run({ id: 3, startedAt: '2026-11-23T09:00:00Z' })], undefined, [3]],
    ['another workflow by its file', [other, run()], 'ci.yml', [2]],
    ['by its path', [other, run()], '.github/workflows/ci.yml', [2]],
    ['by its name', [other, run()], 'CI', [2]],
    ['none', [other], undefined, []],
  ])('%s', (_, runs, workflow, ids) => {
    expect(chosenRuns(runs, workflow).map(({ id }) => id)).toEqual(ids);
  });

  test.each([
    ['success', true],
    ['skipped', true],
    ['neutral', true],
    ['failure', false],
    ['cancelled', false],
    ['timed_out', false],
    ['action_required', false],
    ['startup_failure', false],
    [undefined, false],
  ])('ended well? %s: %s', (conclusion, good) => {
    expect(isGood({ conclusion })).toBe(good);
  });
});

describe('how often GitHub is asked', () => {
  test.each([
    ['nothing is known', { remaining: undefined, resetAt: undefined }, 5000],
    ['plenty is left', { remaining: 4900, resetAt: 3_600_000 }, 5000],
    ['without a token 60 in an hour: half of them', { remaining: 60, resetAt: 3_600_000 }, 240_000],
    ['nothing is left: not before it is renewed', { remaining: 0, resetAt: 90_000 }, 90_000],
    ['but never seldomer than every ten minutes', { remaining: 1, resetAt: 3_600_000 }, 600_000],
    ['the limit was renewed by now', { remaining: 0, resetAt: -1 }, 5000],
  ])('%s', (_, budget, pause) => {
    expect(pauseFor(budget, 2, 5000, 0)).toBe(pause);
  });
});

describe('words', () => {
  const now = Date.parse('2026-11-23T08:00:40Z');
  test.each([
    [job(), 'Images / Plan: success after 23 s'],
    [job({ conclusion: 'skipped' }), 'Images / Plan: skipped'],
    [job({ status: 'queued', conclusion: undefined }), 'Images / Plan: waits for a runner'],
    [job({ status: 'waiting', conclusion: undefined }), 'Images / Plan: waits for its turn or an approval'],
    [job({ ...going, completedAt: '' }), 'Images / Plan: works'],
    [
      job({
        ...going,
        completedAt: '',
        steps: [{ name: 'Read\u001b[2J keywords', status: 'in_progress', conclusion: undefined }],
      }),
      'Images / Plan: Read\\x1b[2J keywords',
    ],
  ])('a job, %#', (given, line) => {
    expect(jobLine(given, now)).toBe(line);
  });

  test('the end names the failed step and where to read more', () => {
    const steps = [{ name: 'Build and publish', status: 'completed', conclusion: 'failure' }];
    expect(
      endLines({
        run: run({ conclusion: 'failure', attempt: 2 }),
        jobs: [job(), job({ conclusion: 'failure', steps })],
      }),
    ).toEqual([
      'Build backend images #12 (push on main, attempt 2): failure after 3 min 5 s. https://github.com/o/n/actions/runs/1',
      '  Images / Plan: failure in "Build and publish". https://github.com/o/n/actions/runs/1/job/1',
    ]);
  });

  test('a run that could not start, and one whose build was skipped, say what that means', () => {
    expect(endLines({ run: run({ conclusion: 'startup_failure' }), jobs: [] })[1]).toMatch(
      /could not even start it.*permissions/,
    );
    const skipped = job({ name: 'Images / Build and publish', conclusion: 'skipped' });
    expect(endLines({ run: run({ conclusion: 'success' }), jobs: [job(), skipped] })[1]).toMatch(
      /Nothing was built and nothing published: no keyword/,
    );
    expect(endLines({ run: run({ conclusion: 'success' }), jobs: [job()] })).toHaveLength(1);
  });

  test('live lines fit into any terminal, whatever names say', () => {
    const name = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(
        fc.array(name, { maxLength: 40 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 2, max: 40 }),
        (names, width, rows) => {
          const jobs = names.map((each, id) =>
            job({ id, name: each, steps: [{ name: each, status: 'in_progress', conclusion: undefined }], ...going }),
          );
          const lines = liveLines([{ run: run(going), jobs }], { columns: width, rows }, now, noPaint);
          expect(lines.length).toBeLessThan(rows);
          for (const line of lines) {
            expect(columns(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/\p{Cc}/u);
          }
        },
      ),
    );
  });
});
