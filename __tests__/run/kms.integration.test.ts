import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBundle } from '../../src/sigstore/verify';
import { startFakeCloud, type FakeCloud } from '../support/fakeGoogle/cloud';
import { fakeKmsKey, kmsRights, startFakeKms, type FakeKms } from '../support/fakeGoogle/kms';
import { rightsOf } from '../support/fakeGoogle/world';
import { attachedIn } from './attached';
import { createWorld, kfpImages, lockIn, step, storedIn, type World } from './world';

/* Signatures by a key that Google Cloud KMS keeps, which is a fake here, as is the cloud around the real registry. */

const ring = 'projects/my-project/locations/europe-west3/keyRings/images/cryptoKeys/release/cryptoKeyVersions';
const [reference, other] = [`gcpkms://${ring}/1`, `gcpkms://${ring}/2`];

let world: World;
let cloud: FakeCloud;
let kms: FakeKms;

beforeAll(async () => {
  [world, cloud] = await Promise.all([createWorld(), startFakeCloud()]);
  kms = await startFakeKms(cloud.world);
  kms.keys.set(`${ring}/1`, fakeKmsKey());
  kms.keys.set(`${ring}/2`, fakeKmsKey('RSA_SIGN_PKCS1_2048_SHA256'));
  kms.keys.set(`${ring}/3`, fakeKmsKey('EC_SIGN_P384_SHA384'));
  allow(kmsRights.view, kmsRights.use);
  await writeFile(join(world.folder.path, 'cloud.json'), cloud.keyJson, { mode: 0o600 });
});
afterAll(async () => {
  await Promise.all([kms.server.close(), cloud[Symbol.asyncDispose](), world[Symbol.asyncDispose]()]);
});

function allow(...rights: readonly string[]): void {
  cloud.world.rights.set(cloud.account, [...rightsOf('writer'), ...rights]);
}

const signed = (inputs: Readonly<Record<string, string>>) =>
  step(world, {
    inputs: {
      'registry-path': cloud.path,
      'credentials-json': cloud.keyJson,
      provenance: 'true',
      sign: 'key',
      'sign-key': reference,
      ...inputs,
    },
    env: { ...cloud.env, ...kms.env },
  });

const command = (...args: readonly string[]) => {
  const target = ['--registry-path', cloud.path, '--credentials-json', join(world.folder.path, 'cloud.json')];
  return kfpImages(world.fork.directory, [...args, ...target], { env: { ...cloud.env, ...kms.env } });
};

/** What is attached to the driver of the lock file. */
const attachedToDriver = async () =>
  attachedIn(
    { ...world, registry: { ...cloud.backend, path: `${cloud.backend.host}/my-project/kfp` } },
    'driver',
    (await lockIn(world.fork)).images['driver']?.digest ?? '',
  );

it('signs image and set with a key in KMS, and neither of them twice', async () => {
  await world.fork.commit('Begin [driver]', { 'docs/begin.md': 'Begin.\n' });
  const result = await signed({});
  expect(result.stdout).toContain('Signed 2');
  expect(result.exitCode).toBe(0);
  const [only, ...more] = await attachedToDriver();
  expect(more).toEqual([]);
  const key = kms.keys.get(`${ring}/1`)?.publicKey;
  if (key === undefined) throw new Error('no key');
  expect(openBundle(Buffer.from(only?.file ?? ''))?.check({ kind: 'key', key })).toBeUndefined();
  const stored = await storedIn(cloud.backend);
  expect((await signed({})).exitCode).toBe(0);
  expect(await storedIn(cloud.backend)).toEqual(stored);
});

it('verify takes the same reference, and refuses that of another key', async () => {
  const ended = await command('verify', '--require-signature', reference);
  expect(ended.stderr).toContain('is whole');
  expect(ended.exitCode).toBe(0);
  const refused = await command('verify', '--require-signature', other);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('driver is not signed by the key');
});

it('the command signs with it too, by another version that is RSA', async () => {
  const ended = await command('build', '--images', 'driver', '--provenance', '--sign', 'key', '--sign-key', other);
  expect(ended.stderr).toContain('Signed 2');
  expect(ended.exitCode).toBe(0);
  expect((await command('verify', '--require-signature', other)).exitCode).toBe(0);
});

it('a key in a file signs as well as its text', async () => {
  const pem = fakeKmsKey().privateKey.export({ format: 'pem', type: 'pkcs8' });
  await writeFile(join(world.folder.path, 'sign.pem'), pem, { mode: 0o600 });
  const result = await signed({ 'sign-key': join(world.folder.path, 'sign.pem') });
  expect(result.stdout).toContain('Signed 2');
  expect(result.exitCode).toBe(0);
});

it.each([
  ['no service at all', 'key' as const, awsReference(), 2, 'awskms://'],
  ['a key without its version', 'key' as const, reference.slice(0, -'/cryptoKeyVersions/1'.length), 2, 'versions list'],
  ['a key of another kind', 'key' as const, `gcpkms://${ring}/3`, 2, 'EC_SIGN_P384_SHA384'],
  ['a version that is not there', 'key' as const, `gcpkms://${ring}/9`, 1, 'cryptoKeyVersions/9 not found'],
])('refuses before anything is built: %s', async (_, sign, given, exitCode, words) => {
  const result = await signed({ sign, 'sign-key': given, rebuild: 'all' });
  expect(result.stdout).toContain(words);
  expect(result.exitCode).toBe(exitCode);
  expect(result.stdout).not.toContain('building');
});

function awsReference(): string {
  return 'awskms:///alias/release';
}

it('an account that may not sign: the run fails, says which role it lacks, and nothing is signed', async () => {
  allow(kmsRights.view);
  await world.fork.commit('Go on [driver]', { 'backend/src/v2/driver/more.go': 'package driver\n' });
  const result = await signed({});
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toContain('Not signed: driver, the set.');
  expect(result.stdout).toContain('roles/cloudkms.signerVerifier');
  expect(await attachedToDriver()).toEqual([]);
  allow(kmsRights.view, kmsRights.use);
});

it('an answer that is no signature by this key is not attached', async () => {
  kms.state = 'wrong';
  const result = await signed({});
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toContain('is not a signature by its own public key');
  expect(await attachedToDriver()).toEqual([]);
});

it.each(['cut', 'busy'] as const)('KMS is away (%s): sign: key ends before anything is built', async (state) => {
  kms.state = state;
  const result = await signed({ rebuild: 'all' });
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toContain('Google Cloud KMS');
  expect(result.stdout).not.toContain('building');
});

it('KMS is away and sign is auto: the set is published with its provenance, and it is said that it is not signed', async () => {
  kms.state = 'cut';
  const result = await signed({ sign: 'auto' });
  expect(result.stdout).toMatch(/::warning.*NOT be signed/);
  expect(result.exitCode).toBe(0);
  expect((await attachedToDriver()).map(({ mediaType }) => mediaType)).toEqual(['application/vnd.in-toto+json']);
  kms.state = 'well';
});

it('shows the reference as it is, and no token', async () => {
  const result = await signed({});
  expect(result.exitCode).toBe(0);
  for (const { token } of cloud.world.tokens) expect(result.stdout).not.toContain(token);
});
