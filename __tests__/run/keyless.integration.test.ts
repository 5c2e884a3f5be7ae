import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSigstore, type SigstoreServices } from '../support/sigstoreServices';
import { attachedIn } from './attached';
import { createWorld, json, kfpImages, lockIn, manifestOf, step, tagsOf, type World } from './world';

/* Signatures by the identity of a job; and services that are away, or say no: a set is never signed by half without a word. */

const workflow = 'dana/pipelines/.github/workflows/images.yml@refs/heads/main';
const identity = `https://github.com/${workflow}`;
const githubEnv = { GITHUB_WORKFLOW_REF: workflow, GITHUB_RUN_ID: '7' };

let world: World;
let sigstore: SigstoreServices;
let rootFile: string;

beforeAll(async () => {
  [world, sigstore] = await Promise.all([createWorld(), startSigstore({ workflow })]);
  rootFile = join(world.folder.path, 'trusted_root.json');
  await writeFile(rootFile, sigstore.trustedRoot);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await sigstore[Symbol.asyncDispose]();
});

const signed = (sign: string) =>
  step(world, { inputs: { provenance: 'true', sign }, env: { ...githubEnv, ...sigstore.env } });

const verified = (who: string, ...args: readonly string[]) =>
  kfpImages(world.fork.directory, [
    ...['verify', ...world.target, '--require-signature', who, '--trusted-root', rootFile, '--json', ...args],
  ]);

it('the services are away and sign is auto: the set is published, and it is said that it is not signed', async () => {
  await world.fork.commit('Begin [driver]', { 'docs/begin.md': 'Begin.\n' });
  sigstore.state = 'cut';
  const result = await signed('auto');
  expect(result.exitCode).toBe(0);
  expect(result.stdout).toMatch(/::warning.*NOT signed/);
  const attached = json(result, 'attestations') as Record<string, Record<string, string>>;
  expect(Object.keys(attached['driver'] ?? {})).toEqual(['provenance']);
  const { exitCode, stdout } = await verified(identity);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('is not signed by');
});

it('the services refuse and sign is keyless: the run fails, names what is not signed, and latest stays', async () => {
  await world.fork.commit('Go on [driver]', { 'backend/src/v2/driver/more.go': 'package driver\n' });
  const before = await manifestOf(world.registry, 'driver', 'latest');
  sigstore.state = 'refusing';
  const result = await signed('keyless');
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toContain('Not signed: driver, the set.');
  expect(await manifestOf(world.registry, 'driver', 'latest')).toEqual(before);
  expect(await tagsOf(world.registry, 'kfp-images-set')).toContain(`commit-${(await lockIn(world.fork)).commit}`);
});

it('a service that is silent holds nobody who stops the run: it ends, and says what is not signed', async () => {
  sigstore.state = 'silent';
  const before = sigstore.count();
  let group = 0;
  const running = kfpImages(
    world.fork.directory,
    ['build', '--images', 'driver', '--provenance', '--sign', 'keyless', ...world.target],
    { env: { ...githubEnv, ...sigstore.env }, onStart: (started) => (group = started) },
  );
  await expect.poll(() => sigstore.count(), { timeout: 240_000 }).toBe(before + 1);
  process.kill(-group, 'SIGINT');
  const ended = await running;
  expect(ended.exitCode).toBe(130);
  expect(ended.stderr).toContain('Interrupted (SIGINT)');
  expect(ended.stderr).toContain('Not signed: driver, the set.');
  // Who waits for the answer asks again.
  expect(sigstore.count()).toBe(before + 1);
});

it('the same commit once they are back: all is signed with the identity of the workflow, and latest moves', async () => {
  sigstore.state = 'well';
  const result = await signed('keyless');
  expect(result.stdout).toContain('Signed 2');
  expect(result.exitCode).toBe(0);
  expect(result.stdout).not.toContain('a token of the runner');
  const { digest } = await manifestOf(world.registry, 'driver', 'latest');
  expect(digest).toBe((await lockIn(world.fork)).images['driver']?.digest);
  const { exitCode, stdout, stderr } = await verified(`https://github.com/dana/pipelines/.github/workflows/*`);
  expect(stderr).not.toContain('error');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'verified', set: { provenance: { signed: true } } });
  const count = sigstore.count();
  expect((await signed('keyless')).exitCode).toBe(0);
  expect(sigstore.count()).toBe(count);
});

it('the services fail half way and sign is auto: what is signed and what is not is said, and the next run signs the rest', async () => {
  await world.fork.commit('Bind them [apiserver]', { 'backend/src/v2/driver/more.go': 'package driver // again\n' });
  sigstore.state = { records: 1 };
  const result = await signed('auto');
  expect(result.exitCode).toBe(0);
  const names = '(?:apiserver|driver|launcher)';
  const said = new RegExp(`::warning.*NOT signed.*Not signed: ${names}, ${names}, the set \\(signed: (${names})\\)`);
  const [, one = ''] = said.exec(result.stdout) ?? [];
  expect(one, result.stdout).not.toBe('');
  const attached = json(result, 'attestations') as Record<string, Record<string, string>>;
  for (const name of ['apiserver', 'driver', 'launcher', 'set'])
    expect(attached[name], name).toHaveProperty('provenance');
  const refused = JSON.parse((await verified(identity)).stdout) as { readonly problems: readonly string[] };
  expect(refused.problems.filter((each) => each.includes('is not signed by'))).toHaveLength(3);
  expect(refused.problems.join('\n')).not.toContain(`${one} is not signed`);

  sigstore.state = 'well';
  const before = sigstore.count();
  expect((await signed('auto')).stdout).toContain('Signed 3');
  expect(sigstore.count() - before).toBe(6);
  const { exitCode, stderr } = await verified(identity);
  expect(exitCode, stderr).toBe(0);
});

it('another workflow of the same repository is refused by name', async () => {
  const { exitCode, stdout } = await verified(
    'https://github.com/dana/pipelines/.github/workflows/other.yml@refs/heads/main',
  );
  expect(exitCode).toBe(1);
  expect(stdout).toContain(`it is signed by ${identity}`);
});

it('what no log has recorded is not attached', async () => {
  await world.fork.commit('Go on [driver]', { 'backend/src/v2/driver/more.go': 'package driver // more\n' });
  sigstore.state = { records: 0 };
  const result = await signed('keyless');
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toContain('Not signed: driver, the set.');
  const { digest = '' } = (await lockIn(world.fork)).images['driver'] ?? {};
  expect(await attachedIn(world, 'driver', digest)).toEqual([]);
});
