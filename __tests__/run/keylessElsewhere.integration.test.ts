import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectRefusal } from './bare';
import { createWorld, kfpImages, step, type World } from './world';

/* Jobs of GitHub Enterprise Server, whose identity the public Sigstore does not take. Nothing is built, and nobody is asked. */

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world[Symbol.asyncDispose]());

const server = { GITHUB_SERVER_URL: 'https://github.corp.example', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x.example/' };
const signed = (sign: string, env: Readonly<Record<string, string>>) =>
  step(world, { inputs: { 'dry-run': 'true', images: 'driver', sign }, env });

it('sign: keyless fails before anything is built, and says what to do', async () => {
  const { exitCode, stdout } = await signed('keyless', server);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/::error.*the public Sigstore takes no identity of https:\/\/github\.corp\.example/);
  expect(stdout).toContain('COSIGN_FULCIO_URL');
});

it('sign: auto goes on unsigned, and says why', async () => {
  const { exitCode, stdout } = await signed('auto', server);
  expect(exitCode, stdout).toBe(0);
  expect(stdout).toMatch(/Nothing is signed: .*takes no identity of https:\/\/github\.corp\.example/);
});

it('with a Sigstore of its own, and on github.com, the identity is used', async () => {
  const own = { ...server, COSIGN_FULCIO_URL: 'https://fulcio.corp.example' };
  for (const env of [own, { ...server, GITHUB_SERVER_URL: 'https://github.com' }]) {
    const { exitCode, stdout } = await signed('keyless', env);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('signed by the identity of');
  }
});

it('--require-signature of such a job needs the certificates of that server’s own Sigstore', async () => {
  const who = 'https://github.corp.example/dana/pipelines/.github/workflows/images.yml@refs/heads/main';
  expectRefusal(
    await kfpImages(world.fork.directory, ['verify', ...world.target, '--require-signature', who]),
    2,
    /jobs of github\.com alone, so none of github\.corp\.example can sign by it.*--trusted-root/,
  );
});
