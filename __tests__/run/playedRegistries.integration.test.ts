import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlayedRegistry, type Ways } from '../support/playedRegistry';
import { createWorld, kfpImages, tagsOf, type Ended, type World } from './world';

/*
 * Whole runs by the bundle on registries that are rented, or too large to be started here: their documented ways are played before a real
 * registry (docs/registries.md, "Registries that are rented").
 */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

let commits = 0;
/** A commit that builds the driver, with content of its own. */
async function commit(): Promise<string> {
  commits += 1;
  await world.fork.commit(`Change ${String(commits)} [driver]`, {
    'backend/src/v2/cmd/driver/extra.go': `package main\n\n// ${String(commits)}\n`,
  });
  return world.fork.git('rev-parse', 'HEAD');
}

/** What one command does on a registry with these ways. `name`: of its host, where that counts. */
async function on<T>(
  ways: Ways,
  work: (call: (command: string, ...flags: readonly string[]) => Promise<Ended>, path: string) => Promise<T>,
  name?: string,
): Promise<T> {
  await using played = await startPlayedRegistry(world.registry, ways);
  commits += 1;
  const path = `images/p${String(commits)}`;
  const hosts = name === undefined ? [] : ['--registry-hosts', `${name}=push:${played.host}`];
  const call = (command: string, ...flags: readonly string[]): Promise<Ended> =>
    kfpImages(world.fork.directory, [
      command,
      ...['--registry-path', `${name ?? played.host}/${path}`, '--credentials-json', world.keyFile, ...hosts, ...flags],
    ]);
  return await work(call, path);
}

describe('Amazon ECR', () => {
  test('repositories that are missing are named before the first build, with the commands that make them', async () => {
    const id = await commit();
    const made = new Set<string>();
    const ways: Ways = {
      before: ({ name }) =>
        name === '' || made.has(name)
          ? undefined
          : {
              status: 404,
              code: 'NAME_UNKNOWN',
              message: `The repository with name '${name}' does not exist in the registry with id '123456789012'`,
            },
    };
    await on(
      ways,
      async (call, path) => {
        const refused = await call('build');
        expect(refused.exitCode).toBe(1);
        const create = `aws ecr create-repository --region eu-west-1 --repository-name ${path}`;
        expect(refused.stderr).toContain(`2 are missing, so nothing was built`);
        for (const name of ['driver', 'kfp-images-set']) expect(refused.stderr).toContain(`${create}/${name}\n`);
        for (const name of ['driver', 'kfp-images-set']) made.add(`${path}/${name}`);
        const built = await call('build');
        expect(built.stderr).toMatch(/1 built/);
        expect(built.exitCode).toBe(0);
        expect((await call('set', '--commit', id)).exitCode).toBe(0);
        expect((await call('prune', '--dry-run')).exitCode).toBe(0);
      },
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    );
  });

  test('where no tag moves, the set is published, latest is refused with its mend, and with latest: never all is well', async () => {
    const taken = new Set<string>();
    const ways: Ways = {
      before: ({ method, name, rest }) => {
        const tag = /^manifests\/([^:]+)$/.exec(rest)?.[1];
        if (method !== 'PUT' || tag === undefined) return undefined;
        if (!taken.has(`${name}:${tag}`)) {
          taken.add(`${name}:${tag}`);
          return undefined;
        }
        const text = `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the repository is immutable.`;
        return { status: 400, code: 'TAG_INVALID', message: text };
      },
    };
    await on(ways, async (call) => {
      await commit();
      const first = await call('build', '--latest', 'always');
      expect(first.stderr).toMatch(/1 built/);
      expect(first.exitCode).toBe(0);
      const next = await commit();
      const second = await call('build', '--latest', 'always');
      expect(second.exitCode).toBe(1);
      expect(second.stderr).toContain('Set the input latest to never');
      expect((await call('set', '--commit', next)).exitCode).toBe(0);
      await commit();
      expect((await call('build', '--latest', 'never')).exitCode).toBe(0);
    });
  });
});

test('Artifactory answers 403 for a tag that is not there: it is looked up in the list', async () => {
  const ways: Ways = {
    after: ({ rest }, status) =>
      status === 404 && rest.startsWith('manifests/') && !rest.includes('sha256:')
        ? {
            status: 403,
            code: 'UNAUTHORIZED',
            message: `The client does not have permission for manifest: Download request for repo:path 'docker-cache:${rest}' is forbidden`,
          }
        : undefined,
  };
  await on(ways, async (call, path) => {
    const id = await commit();
    const built = await call('build');
    expect(built.stderr).toMatch(/1 built/);
    expect(built.exitCode).toBe(0);
    expect((await call('set', '--commit', id)).exitCode).toBe(0);
    expect((await call('build')).stderr).toMatch(/1 reused/);
    const at = { ...world.registry, path: `${world.registry.host}/${path}` };
    expect(await tagsOf(at, 'driver')).toContain(`commit-${id}`);
  });
});

test('GitHub and Docker Hub delete nothing by the protocol: prune says it once', async () => {
  const ways: Ways = {
    before: ({ method }) =>
      method === 'DELETE' ? { status: 405, code: 'UNSUPPORTED', message: 'The operation is unsupported.' } : undefined,
  };
  await on(ways, async (call) => {
    for (let made = 0; made < 3; made++) {
      await commit();
      expect((await call('build')).exitCode).toBe(0);
    }
    const pruned = await call('prune', '--yes', '--keep-last', '1', '--keep-days', '0');
    expect(pruned.exitCode).toBe(1);
    expect(pruned.stderr.match(/does not delete by the distribution protocol/g)).toHaveLength(1);
    expect(pruned.stderr).toContain('Deleted 0 of');
  });
});

describe('Harbor', () => {
  const pushes = (method: string): boolean => !['GET', 'HEAD'].includes(method);

  test.each([
    [
      'a project that is a proxy cache',
      { status: 403, code: 'DENIED', message: 'can not push artifact to a proxy project: cache' },
      /takes no pushes there.*not a proxy cache/s,
    ],
    [
      'a project that is not there',
      { status: 401, code: 'UNAUTHORIZED', message: 'project kfp not found: project kfp not found' },
      /has no project images.*Create the project there/s,
    ],
    [
      'a project that is full',
      {
        status: 403,
        code: 'DENIED',
        message:
          'adding 3.4 MiB of storage resource, which when updated to current usage of 4.0 MiB will exceed the configured upper limit of 5.0 MiB.',
      },
      /is used up.*kfp-images prune/s,
    ],
  ])('%s is told before the first build, with its mend', async (_, refusal, words) => {
    await commit();
    await on({ before: ({ method }) => (pushes(method) ? refusal : undefined) }, async (call) => {
      const ended = await call('build');
      expect(ended.exitCode).toBe(1);
      expect(ended.stderr).toMatch(words);
      expect(ended.stderr).not.toMatch(/exporting to image/);
    });
  });
});
