import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { detectBuilder } from '../../src/builder/builder';
import { EnvironmentError } from '../../src/errors';
import { imageStore, tempDir } from '../support/engine';

it('knows the engine that answers', async () => {
  expect(await detectBuilder()).toMatchObject({ name: 'default', driver: 'docker', store: await imageStore() });
  const { platforms, buildx } = await detectBuilder();
  expect(platforms.every((platform) => /^linux\/\w+/.test(platform))).toBe(true);
  expect(buildx[0] > 0 || buildx[1] >= 12).toBe(true);
});

const problem = async (env: Record<string, string>): Promise<string> => {
  const thrown = await detectBuilder(env).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(EnvironmentError);
  return (thrown as EnvironmentError).message;
};

it('says that the engine does not answer', async () => {
  expect(await problem({ DOCKER_HOST: 'unix:///no/such.sock' })).toMatch(
    /^The Docker engine does not answer: (.|\n)*unix:\/\/\/no\/such\.sock(.|\n)*\nStart it/,
  );
});

it('says that a builder does not exist', async () => {
  expect(await problem({ BUILDX_BUILDER: 'no-such-builder' })).toMatch(
    /no builder "no-such-builder" found\. List the builders/,
  );
});

/** With another PATH of this process: programs are looked up there. */
async function withPath(path: string, work: () => Promise<void>): Promise<void> {
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  try {
    await work();
  } finally {
    process.env['PATH'] = before;
  }
}

it('says that Docker or buildx is missing', async () => {
  await using folder = await tempDir();
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  await withPath(bin, async () => {
    expect(await problem({})).toMatch(/^Docker is not installed/);
  });
  // A docker without plugins, as some distributions package it.
  await writeFile(join(bin, 'docker'), '#!/bin/sh\necho "docker: \'buildx\' is not a docker command." >&2\nexit 1\n');
  await chmod(join(bin, 'docker'), 0o755);
  await withPath(`${bin}:/bin:/usr/bin`, async () => {
    expect(await problem({})).toMatch(/^Docker has no buildx \(docker: 'buildx' is not a docker command\.\)/);
  });
});
