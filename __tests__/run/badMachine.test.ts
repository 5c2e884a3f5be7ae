import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/system/exec';
import { expectRefusal, openBare, type Bare } from './bare';
import { kfpImages, programs, stackLine, step, storedIn, type World } from './world';

/* What is wrong with repositories, machines and runners: each ends with status 2 or 1, one clear text and no stack trace. */

let fork: Bare;
let world: World;
let gitOnly: string;

beforeAll(async () => {
  fork = await openBare();
  ({ world, gitOnly } = fork);
});
afterAll(() => world[Symbol.asyncDispose]());

const build: Bare['build'] = (args, env) => fork.build(args, env);
const target = (): readonly string[] => world.target;

describe('the repository', () => {
  it('is none', async () => {
    const args = ['build', '--images', 'driver', ...target()];
    const env = { GIT_CEILING_DIRECTORIES: '/', PATH: gitOnly };
    expectRefusal(await kfpImages(world.folder.path, args, { env }), 1, /not in a git repository.*actions\/checkout/);
    const plan = await kfpImages(world.folder.path, ['plan', '--images', 'driver'], { env });
    expectRefusal(plan, 1, /not in a git repository.*actions\/checkout/);
  });

  it('is a folder that is not there', async () => {
    const ended = await build(['--images', 'driver', '--working-directory', 'nowhere', ...target()]);
    expect(ended.exitCode).toBeGreaterThan(0);
    expectRefusal(ended, ended.exitCode, /nowhere/);
  });

  it('has no commit', async () => {
    const empty = join(world.folder.path, 'empty');
    await run({ command: 'git', args: ['init', '--quiet', empty] });
    expectRefusal(
      await kfpImages(empty, ['build', '--images', 'driver', ...target()], { env: { PATH: gitOnly } }),
      1,
      /no commit|HEAD/,
    );
  });

  it('is a shallow clone: a plan works, a comparison with what is not there says what is missing', async () => {
    await world.fork.commit('Second [driver]', { 'docs/notes.md': 'Second.\n' });
    const shallow = join(world.folder.path, 'shallow');
    const url = `file://${world.fork.directory}`;
    await run({ command: 'git', args: ['clone', '--quiet', '--depth', '1', url, shallow] });
    const plan = await kfpImages(shallow, ['plan', '--json']);
    expect(plan.exitCode).toBe(0);
    expect(JSON.parse(plan.stdout)).toMatchObject({ keywords: ['driver'] });
    expectRefusal(
      await kfpImages(shallow, ['plan', '--since', 'HEAD~1']),
      1,
      /HEAD~1.*(shallow|fetch-depth|unshallow)/s,
    );
  });
});

describe('the machine', () => {
  it('has no docker', async () => {
    const stored = await storedIn(world.registry);
    const ended = await build(['--images', 'driver', ...target()]);
    expect(ended.stderr).toMatch(/^error: Docker is not installed.*Install it: https:/m);
    expect(ended.stderr).not.toMatch(stackLine);
    expect(ended.exitCode).toBe(1);
    expect((await storedIn(world.registry)).size).toBeLessThanOrEqual(stored.size + 4);
  });

  it.each([
    { title: 'no buildx', script: `echo "docker: 'buildx' is not a docker command." >&2; exit 1`, says: /no buildx/ },
    {
      title: 'an old buildx',
      script: `[ "$2" = version ] && echo "github.com/docker/buildx v0.9.1 x"; exit 0`,
      says: /buildx 0\.9 is too old/,
    },
    {
      title: 'no engine',
      script: `[ "$2" = version ] && { echo "github.com/docker/buildx v0.29.1 x"; exit 0; }; echo "Cannot connect to the Docker daemon at unix:///x." >&2; exit 1`,
      says: /The Docker engine does not answer: .*Start it/s,
    },
  ])('has $title', async ({ script, says }) => {
    const bin = await programs(world.folder.path, { docker: script });
    const ended = await build(['--images', 'driver', ...target()], { PATH: `${bin}:${gitOnly}` });
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr).not.toMatch(stackLine);
    expect(ended.exitCode).toBe(1);
  });

  it('has no git', async () => {
    const bin = await programs(world.folder.path, {});
    const ended = await build(['--images', 'driver', ...target()], { PATH: bin });
    expectRefusal(ended, 1, /"git" is not installed/);
  });

  it.each(['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY'])('has a full disk under %s', async (name) => {
    const result = await step(world, { inputs: { images: 'driver', 'dry-run': 'true' }, env: { [name]: '/dev/full' } });
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(/^::error::.*(no space|ENOSPC)/im);
    expect(result.stdout).not.toMatch(stackLine);
  });

  it('has no place for the private folder', async () => {
    const ended = await build(['--images', 'driver', ...target()], { TMPDIR: '/proc/nowhere' });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/No private folder can be made in \/proc\/nowhere/);
    expect(ended.stderr).not.toMatch(stackLine);
  });
});

describe('the runner’s own files and variables', () => {
  const cases: readonly {
    readonly title: string;
    readonly env: Readonly<Record<string, string>>;
    readonly says: RegExp;
  }[] = [
    { title: 'no event file', env: { GITHUB_EVENT_PATH: '/nowhere.json' }, says: /event file "?\/nowhere\.json/ },
    { title: 'an event file that is not JSON', env: { GITHUB_EVENT_PATH: '/proc/version' }, says: /\/proc\/version/ },
    { title: 'a commit that is none', env: { GITHUB_SHA: 'HEAD' }, says: /GITHUB_SHA is "?HEAD/ },
    { title: 'no event', env: { GITHUB_EVENT_NAME: '' }, says: /GITHUB_EVENT_NAME is not set/ },
  ];
  it.each(cases)('$title', async ({ env, says }) => {
    const result = await step(world, { inputs: { images: 'driver' }, env });
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toMatch(new RegExp(`^::error::.*${says.source}`, 'm'));
    expect(result.stdout).not.toMatch(stackLine);
    expect(result.stderr).toBe('');
  });
});
