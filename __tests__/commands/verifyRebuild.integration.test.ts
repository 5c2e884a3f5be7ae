import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, kfpImages, lockIn, step, type World } from '../run/world';
import { imageStore } from '../support/engine';

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

it('builds by the builder that is named', async () => {
  const { target, fork } = world;
  const ended = await kfpImages(fork.directory, ['verify', ...target, '--rebuild', '--builder', 'no-such-builder']);
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toContain('no builder "no-such-builder" found');
});
