import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversOfATest } from '../support/httpServer';
import {
  before,
  createWorld,
  kfpImages,
  noDocker,
  programs,
  stackLine,
  step,
  storedIn,
  whereIs,
  type World,
} from './world';

/* What a branch's name or a lock file can't make us do. Nothing is built. */

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe('a branch with the name of a tag that is ours', () => {
  it.each(['key-0123456789012345678901234567890123456789', `commit-${'a'.repeat(40)}`, 'latest', 'candidate-1-x'])(
    '%s is refused before anything is asked or built',
    async (branch) => {
      const docker = await noDocker(world);
      const stored = await storedIn(world.registry);
      const result = await step(world, {
        ref: `refs/heads/${branch}`,
        inputs: { images: 'driver', tags: 'commit-{{sha}},{{branch}}' },
        env: { PATH: before(docker.bin) },
      });
      expect(result.exitCode).toBe(2);
      expect(result.stdout).toContain(`"{{branch}}" gives "${branch}"`);
      expect(result.stdout).not.toMatch(stackLine);
      expect(await docker.calls()).toBe('');
      expect(await storedIn(world.registry)).toEqual(stored);
    },
  );
});

it('a workflow_run builds no other commit than the one whose message it reads', async () => {
  const docker = await noDocker(world);
  const result = await step(world, {
    event: 'workflow_run',
    payload: {
      action: 'completed',
      workflow_run: {
        name: 'CI',
        conclusion: 'success',
        head_sha: 'e'.repeat(40),
        head_branch: 'main',
        head_commit: { id: 'e'.repeat(40), message: 'Build [driver]' },
        head_repository: { full_name: 'dana/pipelines' },
      },
      repository: { full_name: 'dana/pipelines', default_branch: 'main' },
    },
    env: { PATH: before(docker.bin) },
  });
  expect(result.exitCode).toBe(2);
  expect(result.stdout).toMatch(
    /::error::The other workflow ran on commit e{40}, and commit [0-9a-f]{40} is checked out/,
  );
  expect(await docker.calls()).toBe('');
});

it('children get no input, no token and none of the runner’s own', async () => {
  const secret = 'not-for-children-4711';
  const seen = join(world.folder.path, 'seen');
  const dump = `env >>${seen}\nprintf '%s\\n' "$0 $*" >>${seen}`;
  const bin = await programs(world.folder.path, {
    git: `${dump}\nexec ${await whereIs('git')} "$@"`,
    docker: `${dump}\nexit 70`,
  });
  const result = await step(world, {
    inputs: { images: 'driver', 'github-token': secret, tags: secret },
    env: {
      PATH: before(bin),
      GITHUB_TOKEN: secret,
      ACTIONS_RUNTIME_TOKEN: secret,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret,
      STATE_x: secret,
    },
  });
  expect(result.exitCode).toBe(1);
  const text = await readFile(seen, 'utf8');
  expect(text).toMatch(/\/git /);
  expect(text).toMatch(/\/docker /);
  expect(text).not.toContain(secret);
  expect(text).not.toMatch(/^(?:INPUT_|STATE_|ACTIONS_)/m);
});

describe('a lock file that names a host', () => {
  const server = serversOfATest();

  /** Deploys from a lock file of a registry that asks for a login; gives the logins that arrived there. */
  async function deploy(
    own: (path: string) => readonly string[],
  ): Promise<{ logins: readonly string[]; told: string }> {
    const { host, requests } = await server(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="any"' },
      body: '{}',
    }));
    const path = `${host}/p/r`;
    const entry = (name: string): readonly [string, object] => [
      name,
      { repository: `${path}/${name}`, digest: `sha256:${'a'.repeat(64)}`, key: 'b'.repeat(64) },
    ];
    const images = Object.fromEntries(['driver', 'launcher', 'apiserver'].map(entry));
    const lock = { version: 1, commit: 'c'.repeat(40), registryPath: path, images };
    const file = join(world.folder.path, 'other.lock.json');
    await writeFile(file, JSON.stringify(lock));
    const args = ['deploy', '--lock', file, '--credentials-json', world.keyFile, '--dry-run', ...own(path)];
    const env = { KUBECONFIG: join(world.folder.path, 'none'), DOCKER_CONFIG: world.folder.path };
    const { stderr } = await kfpImages(world.fork.directory, args, { env });
    expect(stderr).not.toMatch(stackLine);
    return { logins: requests.flatMap(({ headers }) => headers.authorization ?? []), told: stderr };
  }

  it('does not get the key', async () => {
    const { logins, told } = await deploy(() => []);
    expect(logins).toEqual([]);
    expect(told).toMatch(/which is not given the key .* name it outright: --registry-path 127\.0\.0\.1/s);
  });

  it('gets it where the user named that host beside the key', async () => {
    const { logins } = await deploy((path) => ['--registry-path', path]);
    expect(logins).not.toEqual([]);
  });
});
