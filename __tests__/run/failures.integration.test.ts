import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/registryProcess';
import { testKey } from '../support/serviceAccountKey';
import { startRefusingRegistry } from './refusingRegistry';
import { before, createWorld, json, noDocker, stackLine, step, storedIn, tagsOf, type World } from './world';

/* What a run that fails leaves in the registry, and says. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(async () => {
  // Each test starts from the fork as it was.
  await world.fork.git('reset', '--quiet', '--hard');
  await world.fork.git('clean', '--quiet', '--force');
});

const launcher = 'backend/src/v2/cmd/launcher-v2/main.go';
const broken = (text: string): string => text.replace('func main', 'func main( // syntax error\nfunc main');

/** A commit in which the launcher can't be compiled, and every image is new. */
async function commitBroken(message: string): Promise<string> {
  const text = await readFile(join(world.fork.directory, launcher), 'utf8');
  const commit = await world.fork.commit(message, {
    [launcher]: broken(text),
    'backend/src/common/util/util.go': `package util\n\n// ${message} ${String(Date.now())}\nfunc Name() string { return "kfp" }\n`,
  });
  return commit;
}

describe('one image that can’t be built', () => {
  let commit: string;
  let result: Awaited<ReturnType<typeof step>>;

  beforeAll(async () => {
    commit = await commitBroken('Break the launcher [apiserver, cacheserver]');
    result = await step(world);
  });

  it('fails the step, and says what failed', () => {
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(/^::error::launcher \(failed\), apiserver \(blocked\).*nothing was published\.$/m);
    expect(result.stdout).not.toMatch(stackLine);
    expect(result.summary).toMatch(/\| `launcher` \| ❌(?: |&nbsp;)failed/);
    expect(result.summary).toMatch(/\| `apiserver` \| ⛔(?: |&nbsp;)not(?: |&nbsp;)built/);
  });

  it('builds the others, and gives the outputs of what it knows', () => {
    expect([...(json(result, 'built') as string[])].sort()).toEqual(['cacheserver', 'driver']);
    expect(json(result, 'images')).toEqual({});
    expect(json(result, 'plan')).toMatchObject({ commit });
    expect(result.outputs.get('lock-file')).toBe('');
  });

  it('annotates the line of the repository’s Dockerfile that failed', async () => {
    const lines = (await readFile(join(world.fork.directory, 'backend/Dockerfile.launcher'), 'utf8')).split('\n');
    const line = lines.findIndex((text) => text.startsWith('RUN go build')) + 1;
    expect(result.stdout).toMatch(
      new RegExp(`^::error file=backend/Dockerfile\\.launcher,line=${String(line)}\\b.*launcher`, 'm'),
    );
  });

  it('shows the last lines of the step that failed', () => {
    expect(result.stdout).toMatch(/^ {2}\d+:func main\( \/\/ syntax error$/m);
    expect(result.summary).toMatch(/syntax error/);
  });

  it('publishes nothing: no set, no commit tag, no latest, nothing bound', async () => {
    for (const image of ['driver', 'launcher', 'cacheserver', 'apiserver', 'kfp-images-set']) {
      const tags = await tagsOf(world.registry, image);
      expect(
        tags.filter((tag) => !tag.startsWith('key-')),
        image,
      ).toEqual([]);
    }
  });

  it('keeps what was built: fixed, only the rest is built, and then it is one set', async () => {
    await world.fork.git('checkout', '--quiet', 'HEAD~1', '--', launcher);
    const fixed = await world.fork.commit('Fix it [apiserver, cacheserver]');
    const again = await step(world);
    expect(again.exitCode).toBe(0);
    expect([...(json(again, 'built') as string[])].sort()).toEqual(expect.arrayContaining(['launcher']) as string[]);
    expect([...(json(again, 'reused') as string[])].sort()).toEqual(
      expect.arrayContaining(['cacheserver', 'driver']) as string[],
    );
    expect(await tagsOf(world.registry, 'kfp-images-set')).toEqual(
      expect.arrayContaining([`commit-${fixed}`, 'latest']),
    );
  });
});

it('fail-fast stops what has not begun', async () => {
  await commitBroken('Break it again');
  const result = await step(world, {
    inputs: { images: 'launcher, driver, cacheserver, persistenceagent', 'fail-fast': 'true', 'max-parallel': '1' },
  });
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toMatch(/\(cancelled\)/);
  const built = json(result, 'built') as string[];
  expect(built.length).toBeLessThan(3);
  expect(result.summary).toMatch(/⚠️(?: |&nbsp;)cancelled/);
  await world.fork.git('checkout', '--quiet', 'HEAD~1', '--', launcher);
  await world.fork.commit('Fix it again');
});

describe('a registry that does not take anything', () => {
  const tables = [
    {
      title: 'a login with another key is refused',
      inputs: async () => ({ 'credentials-json': (await testKey()).json }),
      says: /401|unauthorized|login|refused/i,
    },
    {
      title: 'nobody listens there',
      inputs: async () => ({ 'registry-path': `127.0.0.1:${String(await freePort())}/p/r` }),
      says: /127\.0\.0\.1:\d+.*refused/i,
    },
    {
      title: 'a host without an address',
      inputs: () => Promise.resolve({ 'registry-path': 'nowhere.invalid/p/r' }),
      says: /nowhere\.invalid has no address/,
    },
  ];
  const answers = [
    { title: 'no right to it (403)', answer: { status: 403, code: 'DENIED' }, says: /403.*denied|denied.*403/i },
    {
      title: 'no such repository (404)',
      answer: { status: 404, code: 'NAME_UNKNOWN' },
      says: /404|not found|no such|exist/i,
    },
  ];
  it.each(answers)('$title: reported before anything is built', async ({ answer, says }) => {
    await using server = await startRefusingRegistry(answer);
    const fake = await noDocker(world);
    const result = await step(world, {
      inputs: { images: 'driver', 'registry-path': `${server.host}/p/r` },
      env: { PATH: before(fake.bin) },
    });
    expect(result.exitCode).toBe(1);
    expect(server.requests()).toBeGreaterThan(0);
    const errors = result.stdout.split('\n').filter((line) => line.startsWith('::error::'));
    expect(errors).toEqual([expect.stringMatching(says)]);
    expect(result.stdout).not.toMatch(stackLine);
    expect(await fake.calls()).not.toMatch(/buildx/);
    expect(result.outputs.get('images')).toBe('{}');
  });

  it.each(tables)('$title: reported before anything is built', async ({ inputs, says }) => {
    const fake = await noDocker(world);
    const stored = await storedIn(world.registry);
    const result = await step(world, {
      inputs: { images: 'driver', ...(await inputs()) },
      env: { PATH: before(fake.bin) },
    });
    expect(result.exitCode).toBe(1);
    const errors = result.stdout.split('\n').filter((line) => line.startsWith('::error::'));
    expect(errors).toEqual([expect.stringMatching(says)]);
    expect(result.stdout).not.toMatch(stackLine);
    expect(result.stderr).toBe('');
    expect(await fake.calls()).not.toMatch(/buildx/);
    expect(await storedIn(world.registry)).toEqual(stored);
  });
});
