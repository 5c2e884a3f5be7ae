import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoBaseImages } from '../../demo/baseImages';
import { createWorld, kfpImages, lockIn, step, type World } from '../run/world';
import { docker, imageStore } from '../support/engine';
import { serve, type TestServer } from '../support/httpServer';
import { dockerConfig, type TestRegistry } from '../support/registry';

/* What was skipped would have come out the same: every image of a set is rebuilt from the whole tree and compared. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.fork.commit('Begin [apiserver]', { 'docs/begin.md': 'Begin.\n' });
  expect((await step(world, { inputs: { provenance: 'true' } })).exitCode).toBe(0);
});
afterAll(() => world[Symbol.asyncDispose]());

interface Document {
  readonly kind: string;
  readonly problems: readonly string[];
  readonly rebuilt: readonly {
    readonly name: string;
    readonly differences: readonly string[];
    readonly notes: readonly string[];
  }[];
}

async function rebuilt(): Promise<{ readonly exitCode: number; readonly stderr: string; readonly document: Document }> {
  const ended = await kfpImages(world.fork.directory, ['verify', ...world.target, '--rebuild', '--json']);
  return { ...ended, document: JSON.parse(ended.stdout) as Document };
}

/** The world's registry without a login, at another address, with a base image. `refuses`: does it answer us with a refusal? */
async function serveBase(
  registry: TestRegistry,
  refuses: (path: string) => boolean,
): Promise<TestServer & AsyncDisposable> {
  const named = `${registry.path}/bases/alpine:3.21`;
  await demoBaseImages();
  await docker(['tag', 'kfp-images-demo/alpine:3.21', named]);
  const config = await dockerConfig(registry, world.folder.path);
  await docker(['push', '--quiet', named], { env: { DOCKER_CONFIG: config } });
  await docker(['image', 'rm', named]);
  const inside = registry.path.slice(registry.host.length);
  const authorization = `Basic ${Buffer.from(`${registry.username}:${registry.password}`).toString('base64')}`;
  const server = await serve(async ({ method, path, headers }) => {
    if (headers['user-agent'] === 'kfp-images' && refuses(path)) return { status: 403 };
    const url = `${registry.url}${path.replace('/v2/', `/v2${inside}/`)}`;
    const accept = headers.accept === undefined ? {} : { accept: headers.accept };
    const answer = await fetch(path === '/v2/' ? `${registry.url}/v2/` : url, {
      method,
      headers: { authorization, ...accept },
    });
    const body = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body };
  });
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}

it(
  'a later commit whose images were reused or bound again: a build of it gives the same bits',
  { timeout: 600_000 },
  async () => {
    const path = 'backend/src/v2/driver/driver.go';
    const source = await readFile(join(world.fork.directory, path), 'utf8');
    await world.fork.commit('Teach it [apiserver]', { [path]: `${source}\n// A trick.\n`, 'docs/more.md': 'More.\n' });
    const result = await step(world, { inputs: { provenance: 'true' } });
    expect(result.outputs.get('reused')).toContain('launcher');
    const { exitCode, stderr, document } = await rebuilt();
    expect(stderr).not.toContain('error');
    expect(document).toMatchObject({ kind: 'verified', problems: [] });
    expect(exitCode).toBe(0);
    expect(document.rebuilt.map(({ name }) => name).sort()).toEqual(['apiserver', 'driver', 'launcher']);
    // The engine's classic store can't set the times of files, and the comparison says so.
    const notes = document.rebuilt.flatMap((image) => image.notes).join('\n');
    expect(notes.includes('other times')).toBe((await imageStore()) === 'classic');
  },
);

it('an image that a build gives otherwise is named, with layer and file', { timeout: 600_000 }, async () => {
  const path = 'backend/Dockerfile.driver';
  const text = await readFile(join(world.fork.directory, path), 'utf8');
  await world.fork.commit('Guess [driver]', {
    [path]: `${text}\nUSER 0\nRUN cat /proc/sys/kernel/random/uuid > /guess\n`,
  });
  expect((await step(world, { inputs: { provenance: 'true' } })).exitCode).toBe(0);
  expect(Object.keys((await lockIn(world.fork)).images)).toEqual(['driver']);
  const { exitCode, document } = await rebuilt();
  expect(exitCode).toBe(1);
  expect(document.problems).toHaveLength(1);
  expect(document.problems[0]).toMatch(/^driver: layer \d+ of \d+ \(RUN .*cat \/proc.*\): guess: content$/);
});

it.each([
  ['digest', '/manifests/', "today's"],
  ['configuration', '/blobs/', 'the same'],
])(
  'a base image whose %s its registry did not tell when it was built: the key is known again, and the image rebuilt',
  { timeout: 600_000 },
  async (what, refused, how) => {
    const { registry, fork } = world;
    // It refuses us alone, as one does that counts how often it is asked: the builder gets the image.
    let isRefusing = true;
    await using bases = await serveBase(registry, (request) => isRefusing && request.includes(refused));
    const base = `${bases.host}/bases/alpine:3.21`;
    const path = 'backend/Dockerfile.driver';
    const text = await readFile(join(fork.directory, path), 'utf8');
    await fork.commit('Base it elsewhere [driver]', {
      [path]: `FROM ${base}\nCOPY backend/src/v2/driver/driver.go /${what}.go\n`,
    });
    const published = await step(world, { inputs: { provenance: 'true' } });
    expect(published.exitCode).toBe(0);
    expect(published.stdout).toContain(`base image ${base}`);
    isRefusing = false;
    const { exitCode, stderr, document } = await rebuilt();
    expect(document.problems, stderr).toEqual([]);
    expect(exitCode).toBe(0);
    expect(document.rebuilt).toHaveLength(1);
    expect(document.rebuilt[0]?.notes).toContain(
      `base image ${base} could not be looked up when it was built: it is rebuilt on ${how}`,
    );
    await fork.commit('Base it here', { [path]: text });
  },
);

it('builds by the builder that is named', async () => {
  const { target, fork } = world;
  const ended = await kfpImages(fork.directory, ['verify', ...target, '--rebuild', '--builder', 'no-such-builder']);
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toContain('no builder "no-such-builder" found');
});
