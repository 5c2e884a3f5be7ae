import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fallbackTag } from '../../src/oci/fallbackLists';
import { readProvenance } from '../../src/publish/attest/readStatement';
import { provenanceType, signatureType } from '../../src/publish/attest/statement';
import type { StepResult } from '../support/runner';
import { attachedIn, setDigestIn, type Attached } from './attached';
import { createWorld, json, kfpImages, lockIn, manifestOf, step, storedIn, tagsOf, type World } from './world';

/* Provenance and signatures of what a run publishes, in a registry without a list of referrers: one fork, run after run. */

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signKey = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const images = ['apiserver', 'driver', 'launcher'];

let world: World;
let first: StepResult;

beforeAll(async () => {
  world = await createWorld();
  await world.fork.commit('Begin [apiserver]', { 'docs/begin.md': 'Begin.\n' });
  first = await step(world, {
    inputs: { provenance: 'true' },
    env: { GITHUB_WORKFLOW_REF: 'dana/pipelines/.github/workflows/images.yml@refs/heads/main', GITHUB_RUN_ID: '42' },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const attachedTo = (image: string, digest: string): Promise<readonly Attached[]> => attachedIn(world, image, digest);

it('attaches to each image and to the set where it comes from', async () => {
  expect(first.stdout).toContain('Attached the provenance of 4');
  expect(first.exitCode).toBe(0);
  const lock = await lockIn(world.fork);
  for (const name of images) {
    const { digest, key } = lock.images[name] ?? { digest: '', key: '' };
    const [only, ...more] = await attachedTo(name, digest);
    expect(more).toEqual([]);
    const provenance = readProvenance(Buffer.from(only?.file ?? ''));
    expect(provenance).toMatchObject({
      kind: 'image',
      commit: lock.commit,
      ref: 'refs/heads/main',
      key,
      result: 'built',
    });
    expect(provenance?.subjects).toContain(digest);
    expect(provenance?.invocation).toBe('https://github.com/dana/pipelines/actions/runs/42/attempts/1');
    expect(only?.file).toContain(
      '"id":"https://github.com/dana/pipelines/.github/workflows/images.yml@refs/heads/main"',
    );
    expect(only?.file).toContain(`{"gitCommit":"${lock.commit}"}`);
    expect(only?.file).not.toContain(world.fork.directory);
  }
  const set = await attachedTo('kfp-images-set', await setDigestIn(world));
  const provenance = readProvenance(Buffer.from(set[0]?.file ?? ''));
  expect(provenance).toMatchObject({ kind: 'set', commit: lock.commit });
  expect([...(provenance?.images.keys() ?? [])].sort()).toEqual(images);
  expect(provenance?.images.get('driver')?.digest).toBe(lock.images['driver']?.digest);
  const attestations = json(first, 'attestations') as Record<string, unknown>;
  expect(Object.keys(attestations).sort()).toEqual([...images, 'set'].sort());
});

it('the bound image is what is attested, by name of what it binds; the image before binding is named too', async () => {
  const lock = await lockIn(world.fork);
  const [only] = await attachedTo('apiserver', lock.images['apiserver']?.digest ?? '');
  const provenance = readProvenance(Buffer.from(only?.file ?? ''));
  expect(provenance?.subjects).toHaveLength(2);
  const { resolvedDependencies } = (
    JSON.parse(only?.file ?? '') as {
      readonly predicate: {
        readonly buildDefinition: { readonly resolvedDependencies: readonly Readonly<Record<string, unknown>>[] };
      };
    }
  ).predicate.buildDefinition;
  const driver = resolvedDependencies.find(({ name }) => name === 'driver');
  expect(driver?.['digest']).toEqual({ sha256: lock.images['driver']?.digest.slice('sha256:'.length) });
  // A value of a build argument may be a secret.
  expect(only?.file).toContain('"buildArgs":["COMMIT_SHA"');
});

it('the same commit again leaves no trace', async () => {
  const stored = await storedIn(world.registry);
  const again = await step(world, { inputs: { provenance: 'true' } });
  expect(again.exitCode).toBe(0);
  expect(await storedIn(world.registry)).toEqual(stored);
});

it('another commit reuses images with the provenance of their build, and its set has its own', async () => {
  const old = await lockIn(world.fork);
  const before = await attachedTo('driver', old.images['driver']?.digest ?? '');
  const commit = await world.fork.commit('Explain [apiserver]', { 'docs/more.md': 'More.\n' });
  const result = await step(world, { inputs: { provenance: 'true' } });
  expect(result.exitCode).toBe(0);
  const lock = await lockIn(world.fork);
  expect(lock.images).toEqual(old.images);
  expect(await attachedTo('driver', lock.images['driver']?.digest ?? '')).toEqual(before);
  const [set] = await attachedTo('kfp-images-set', await setDigestIn(world));
  expect(readProvenance(Buffer.from(set?.file ?? ''))).toMatchObject({ kind: 'set', commit });
  expect(set?.file).toContain('"result":"reused"');
});

it('signs what is there with a key, once, and not what it signed already', async () => {
  const inputs = { provenance: 'true', sign: 'key', 'sign-key': signKey };
  const result = await step(world, { inputs });
  expect(result.stdout).toContain('Signed 4');
  expect(result.exitCode).toBe(0);
  expect(result.stdout).not.toContain(signKey.split('\n')[1]);
  const { digest = '' } = (await lockIn(world.fork)).images['driver'] ?? {};
  const signed = (await attachedTo('driver', digest)).find(({ predicateType }) => predicateType === signatureType);
  expect(signed?.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
  const { dsseEnvelope } = JSON.parse(signed?.file ?? '') as {
    readonly dsseEnvelope: {
      readonly payload: string;
      readonly payloadType: string;
      readonly signatures: readonly { readonly sig: string }[];
    };
  };
  const payload = Buffer.from(dsseEnvelope.payload, 'base64');
  // https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
  const head = `DSSEv1 ${dsseEnvelope.payloadType.length} ${dsseEnvelope.payloadType} ${payload.length} `;
  const signature = Buffer.from(dsseEnvelope.signatures[0]?.sig ?? '', 'base64');
  expect(verify('sha256', Buffer.concat([Buffer.from(head), payload]), publicKey, signature)).toBe(true);
  expect(payload.toString()).toContain(digest.slice('sha256:'.length));
  const stored = await storedIn(world.registry);
  expect((await step(world, { inputs })).exitCode).toBe(0);
  expect(await storedIn(world.registry)).toEqual(stored);
});

const verifySet = (...args: readonly string[]): ReturnType<typeof kfpImages> =>
  kfpImages(world.fork.directory, ['verify', ...world.target, ...args]);

it('verify: the set is whole, of this commit, and signed by the key asked for', async () => {
  const file = join(world.folder.path, 'cosign.pub');
  await writeFile(file, publicKey.export({ format: 'pem', type: 'spki' }));
  const ended = await verifySet('--require-signature', file, '--json');
  expect(ended.stderr).not.toContain('error');
  expect(ended.exitCode).toBe(0);
  const { commit } = await lockIn(world.fork);
  const found = JSON.parse(ended.stdout) as { readonly images: readonly Readonly<Record<string, unknown>>[] };
  expect(found).toMatchObject({
    kind: 'verified',
    commit,
    problems: [],
    set: { provenance: { signed: true, commit } },
  });
  expect(found.images.map(({ name }) => name).sort()).toEqual(images);
  for (const image of found.images) expect(image['signers']).toMatchObject([{ isVerified: true }]);
  const lock = await verifySet('--lock', 'kfp-images.lock.json');
  expect(lock.exitCode).toBe(0);
  expect(lock.stderr).toContain('The set of commit');
});

it('verify: another key is refused by name, and so is a set that lacks an image', async () => {
  const file = join(world.folder.path, 'other.pub');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  await writeFile(file, other.export({ format: 'pem', type: 'spki' }));
  const ended = await verifySet('--require-signature', file);
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toMatch(/driver is not signed by the key .*signature verification failed/);
  const lock = await lockIn(world.fork);
  const { digest = '' } = lock.images['driver'] ?? {};
  const changed = join(world.folder.path, 'changed.lock.json');
  const mixed = {
    ...lock,
    images: { ...lock.images, driver: { ...lock.images['driver'], digest: `sha256:${'0'.repeat(64)}` } },
  };
  await writeFile(changed, JSON.stringify(mixed));
  const refused = await verifySet('--lock', changed);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('driver@sha256:000');
  expect(refused.stderr).toContain('the registry has no such image');
  expect(refused.stderr).toContain(`apiserver carries V2_DRIVER_IMAGE=${world.registry.path}/driver@${digest}`);
});

it('deploy and gitops refuse a set that is not signed as asked, before anything changes; doctor shows what is signed', async () => {
  const [mine, other] = ['cosign.pub', 'other.pub'].map((name) => join(world.folder.path, name));
  const gitops = join(world.folder.path, 'gitops');
  await mkdir(gitops);
  await writeFile(join(gitops, 'values.yaml'), `driver: ${world.registry.path}/driver:v1\n`);
  for (const args of [
    ['init', '--quiet'],
    ['add', '.'],
    ['commit', '--quiet', '--message', 'Start'],
  ]) {
    await world.fork.git('-C', gitops, ...args);
  }
  const write = (who: string): ReturnType<typeof kfpImages> =>
    kfpImages(world.fork.directory, [
      ...['gitops', ...world.target, '--repository', gitops, '--file', 'values.yaml', '--images', 'driver', '--check'],
      ...['--branch', 'master', '--require-signature', who],
    ]);
  const refused = await write(other ?? '');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('is refused (--require-signature)');
  // With the right key it comes as far as the remote, which this clone does not have.
  expect((await write(mine ?? '')).stderr).not.toContain('--require-signature');
  const deployed = await kfpImages(world.fork.directory, [
    ...['deploy', ...world.target, '--context', 'no-such-cluster', '--require-signature', other ?? '', '--yes'],
  ]);
  expect(deployed.exitCode).toBe(1);
  expect(deployed.stderr).toMatch(/is refused .*driver is not signed by the key/s);
  const doctor = await kfpImages(world.fork.directory, ['doctor', ...world.target, '--json']);
  const { checks } = JSON.parse(doctor.stdout) as { readonly checks: readonly Readonly<Record<string, unknown>>[] };
  expect(checks.find(({ name }) => name === 'Signatures')).toMatchObject({
    state: 'good',
    text: expect.stringContaining('provenance 4 of 4, signatures 4 of 4') as string,
  });
});

it('a new image gets one attachment that is provenance and signature', async () => {
  const keyFile = join(world.folder.path, 'sign.pem');
  await writeFile(keyFile, signKey, { mode: 0o600 });
  await world.fork.commit('Teach it', { 'backend/src/v2/driver/more.go': 'package driver\n' });
  const ended = await kfpImages(world.fork.directory, [
    ...['build', '--images', 'driver', ...world.target],
    ...['--provenance', '--sign', 'key', '--sign-key', keyFile, '--json'],
  ]);
  expect(ended.stderr).not.toContain('error');
  expect(ended.exitCode).toBe(0);
  const { digest = '' } = (await lockIn(world.fork)).images['driver'] ?? {};
  const attached = await attachedTo('driver', digest);
  expect(attached.map(({ predicateType }) => predicateType)).toEqual([provenanceType]);
  expect(attached[0]?.mediaType).toContain('sigstore.bundle');
});

it('without being asked nothing is attached', async () => {
  await world.fork.commit('Teach it again [driver]', { 'backend/src/v2/driver/more.go': 'package driver // x\n' });
  expect((await step(world)).exitCode).toBe(0);
  const { digest = '' } = (await lockIn(world.fork)).images['driver'] ?? {};
  expect(await attachedTo('driver', digest)).toEqual([]);
  expect(await tagsOf(world.registry, 'driver')).not.toContain(fallbackTag(digest));
});

it.each([
  ['a key that is none', { sign: 'key', 'sign-key': 'not a key' }, 'sign-key is not a private key'],
  ['no key', { sign: 'key' }, 'sign: key needs sign-key'],
  ['no identity', { sign: 'keyless' }, 'id-token: write'],
])('refuses before anything is built: %s', async (_, inputs, words) => {
  const result = await step(world, { inputs: { ...inputs, images: 'driver' } });
  expect(result.exitCode).toBe(inputs.sign === 'keyless' ? 1 : 2);
  expect(result.stdout).toContain(words);
});

it('prune takes what is attached along with its image, and leaves it with what stays', async () => {
  const { digest: kept = '' } = (await lockIn(world.fork)).images['driver'] ?? {};
  const result = await step(world, { inputs: { images: 'driver', provenance: 'true' } });
  expect(result.exitCode).toBe(0);
  const attested = (await tagsOf(world.registry, 'driver')).filter((tag) => /^sha256-/.test(tag));
  expect(attested.length).toBeGreaterThan(1);
  const pruned = await kfpImages(world.fork.directory, [
    ...['prune', ...world.target, '--keep-last', '1', '--keep-days', '0', '--yes'],
  ]);
  expect(pruned.stderr).not.toContain('warning');
  expect(pruned.exitCode).toBe(0);
  // What is attached is there exactly where its image is.
  const isThere = async (image: string, tag: string): Promise<boolean> =>
    manifestOf(world.registry, image, tag.replace('-', ':')).then(
      () => true,
      () => false,
    );
  const left = (await tagsOf(world.registry, 'driver')).filter((tag) => /^sha256-/.test(tag));
  expect(left).toContain(fallbackTag(kept));
  expect(left.length).toBeLessThan(attested.length);
  for (const tag of attested) expect(await isThere('driver', tag), tag).toBe(left.includes(tag));
  expect(await attachedTo('driver', kept)).toHaveLength(1);
  const sets = (await tagsOf(world.registry, 'kfp-images-set')).filter((tag) => /^sha256-/.test(tag));
  expect(sets).toContain(fallbackTag(await setDigestIn(world)));
  for (const tag of sets) expect(await isThere('kfp-images-set', tag), tag).toBe(true);
});
