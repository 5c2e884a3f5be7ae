import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryError } from '../../../src/errors';
import { apiRemover } from '../../../src/google/artifactRegistry/remove';
import { authClientOf } from '../../../src/google/artifactRegistry/authClient';
import { confirmed, decidePrune, type PrunePlan } from '../../../src/publish/prune/decide';
import { executePrune } from '../../../src/publish/prune/execute';
import { mentionedIn, nothingInUse, type InUse } from '../../../src/publish/prune/rules';
import { takeInventory } from '../../../src/publish/prune/inventory';
import type { GoogleRegistryPath } from '../../../src/google/registryPath';
import { planLines } from '../../../src/commands/prune/format';
import { digestOf } from '../../../src/oci/digest';
import { seedRepository, seedTag } from '../../../src/publish/cacheSeed';
import { storeSeed } from '../../../src/publish/seedStore';
import { readSet, storeSet } from '../../../src/publish/setArtifact';
import { putTag } from '../../../src/publish/putTag';
import { commitTag, keyTag, setRepository } from '../../../src/publish/tags';
import type { Registry } from '../../../src/types';
import { startFakeArtifactRegistry, type FakeArtifactRegistry } from '../../support/fakeGoogle/artifactRegistryApi';
import { storedImages } from '../../support/fakeGoogle/storedImages';
import { FakeWorld, rightsOf } from '../../support/fakeGoogle/world';
import { tempDir } from '../../support/engine';
import { startRegistry, type TestRegistry } from '../../support/registry';
import { testClient } from '../../support/registryClient';
import { commitId, contentKey, pushTinyImage, silent } from '../../support/releaseSets';

/* Real sets in the real Distribution registry; deletions by its own API, and by the fake of Google's in front of the same data. */

const day = 86_400_000;
let server: TestRegistry;
let registry: Registry;
let api: FakeArtifactRegistry;
let world: FakeWorld;
let project: string;
let counter = 0;

beforeAll(async () => {
  server = await startRegistry();
  registry = testClient({ login: server }).registry;
  project = server.path.split('/')[1] ?? '';
  world = new FakeWorld(project);
  api = await startFakeArtifactRegistry(world, storedImages(server));
});
afterAll(async () => {
  await api.close();
  await server.stop();
});

/** Publishes a set as the stages before do: images by key and commit, then the set. Gives the digests. */
async function publish(path: string, name: string, ageInDays: number, content: Readonly<Record<string, string>>) {
  const commit = commitId(name);
  const images: Record<string, { repository: string; digest: string; key: string }> = {};
  for (const [image, text] of Object.entries(content)) {
    const repository = `${path}/${image}`;
    const unbound = await pushTinyImage(registry, { repository, content: `${image} ${text}`, revision: commit });
    const digest = await pushTinyImage(registry, {
      repository,
      content: `${image} ${text}`,
      revision: commit,
      env: { BOUND: text },
    });
    await putTag(registry, { repository, tag: keyTag(contentKey(`${image} ${text}`)), digest: unbound });
    await putTag(registry, { repository, tag: commitTag(commit), digest });
    images[image] = { repository, digest, key: contentKey(`${image} ${text}`) };
  }
  const created = new Date(Date.now() - ageInDays * day).toISOString();
  await storeSet(
    registry,
    setRepository(path),
    commitTag(commit),
    { version: 1, commit, registryPath: path, images },
    created,
  );
  return { commit, images };
}

/** A path with three sets, the oldest of which shares its launcher with the newest. */
async function somePath() {
  counter += 1;
  const path = `${server.host}/${project}/repo${counter}/team`;
  world.add(`europe-west3/repo${counter}`);
  const oldest = await publish(path, `oldest ${counter}`, 90, { driver: 'a', launcher: 'same' });
  const middle = await publish(path, `middle ${counter}`, 60, { driver: 'b', launcher: 'l' });
  const newest = await publish(path, `newest ${counter}`, 1, { driver: 'c', launcher: 'same' });
  return { path, repository: `repo${counter}`, oldest, middle, newest };
}

async function planFor(path: string, inUse: InUse = nothingInUse, keepLast = 1): Promise<PrunePlan> {
  return decidePrune(await takeInventory(registry, path), path, {
    keepLast,
    keepDays: 30,
    now: Date.now(),
    inUse,
    unnamed: new Map(),
  });
}

describe('pruning real sets', () => {
  test('two of three go with their images; what is shared stays, and the newest can be read whole', async () => {
    const { path, oldest, middle, newest } = await somePath();
    const plan = confirmed(await planFor(path), await planFor(path));
    expect(plan.sets.map(({ commit, goes }) => [commit, goes])).toEqual([
      [newest.commit, false],
      [middle.commit, true],
      [oldest.commit, true],
    ]);
    const outcome = await executePrune(plan, { registry, google: undefined, log: silent });
    expect(outcome.problems).toEqual([]);
    expect(outcome.bytes).toBeGreaterThan(0);
    expect(await registry.tags(setRepository(path))).toEqual([commitTag(newest.commit)]);
    for (const gone of [oldest, middle]) {
      expect(await registry.manifest(`${path}/driver`, gone.images['driver']?.digest ?? '')).toBeUndefined();
    }
    expect(await readSet(registry, setRepository(path), commitTag(newest.commit))).toMatchObject({
      lock: { commit: newest.commit },
    });
    for (const { repository, digest, key } of Object.values(newest.images)) {
      expect(await registry.manifest(repository, digest)).toBeDefined();
      expect(await registry.manifest(repository, keyTag(key))).toBeDefined();
    }
    expect((await planFor(path)).deletions).toEqual([]);
  });

  test('what a cluster runs stays, with its set', async () => {
    const { path, oldest, middle } = await somePath();
    const { repository = '', digest = '' } = oldest.images['driver'] ?? {};
    const pods = JSON.stringify({
      items: [{ spec: { containers: [{ env: [{ name: 'V2_DRIVER_IMAGE', value: `${repository}@${digest}` }] }] } }],
    });
    const plan = await planFor(path, mentionedIn(pods, path));
    expect(plan.sets.filter(({ goes }) => goes).map(({ commit }) => commit)).toEqual([middle.commit]);
    const byTag = await planFor(path, mentionedIn(`"image":"${path}/driver:${commitTag(middle.commit)}"`, path));
    expect(byTag.sets.filter(({ goes }) => goes).map(({ commit }) => commit)).toEqual([oldest.commit]);
  });

  test('an image that somebody tagged stays, though its set goes', async () => {
    const { path, oldest } = await somePath();
    const { repository = '', digest = '' } = oldest.images['driver'] ?? {};
    await putTag(registry, { repository, tag: 'v2.5.0', digest });
    await executePrune(await planFor(path), { registry, google: undefined, log: silent });
    expect(await registry.manifest(repository, digest)).toBeDefined();
    expect(await registry.manifest(setRepository(path), commitTag(oldest.commit))).toBeUndefined();
  });
});

test('the seed of a cache goes once it is so old that no build uses it', async () => {
  const { path } = await somePath();
  await using folder = await tempDir();
  const file = join(folder.path, 'layer');
  await writeFile(file, 'a layer');
  const bytes = Buffer.from('a layer');
  const layer = { file, digest: digestOf(bytes), size: bytes.length, diffId: digestOf(bytes) };
  const subject = { folder: '/root/.cache', owner: '0:0', native: undefined, platforms: ['linux/amd64'] };
  for (const [branch, age] of [
    ['main', 29],
    ['old', 31],
  ] as const) {
    const facts = { subject, branch, createdAt: Date.now() - age * day, saves: 60 };
    await storeSeed(registry, path, { facts, layer, below: undefined, own: undefined });
  }
  const seeds = seedRepository(path);
  const plan = await planFor(path, nothingInUse, 10);
  expect(plan.deletions.map(({ repository, tags }) => [repository, tags])).toEqual([
    [seeds, [seedTag(subject, 'old')]],
  ]);
  expect(planLines(plan, path).join('\n')).toContain('and 1 cache too old to be used');
  expect(await executePrune(plan, { registry, google: undefined, log: silent })).toMatchObject({ problems: [] });
  expect(await registry.tags(seeds)).toEqual([seedTag(subject, 'main')]);
});

describe('at Google', () => {
  const account = 'admin@example.org';

  /** As Google's registry does it: https://cloud.google.com/artifact-registry/docs/docker/manage-images#deleting_images */
  const refusing = (): Registry => ({
    ...registry,
    deleteManifest: () =>
      Promise.reject(
        new RegistryError('GOOGLE_MANIFEST_DANGLING_TAG: Manifest is still referenced by tag', { status: 400 }),
      ),
  });

  function remover(repository: string) {
    const path: GoogleRegistryPath = {
      kind: 'artifact-registry',
      host: server.host,
      path: `${project}/${repository}/team`,
      full: `${server.host}/${project}/${repository}/team`,
      isLoopback: true,
      warning: undefined,
      project,
      location: 'europe-west3',
      repository,
    };
    const login = () => authClientOf({ username: 'oauth2accesstoken', password: world.issue(account, 60) });
    return apiRemover(path, login, { endpoint: api.endpoint, account, timeoutMs: 5000 });
  }

  test('the API deletes what the registry refuses to, and only that', async () => {
    world.rights.set(account, rightsOf('repoAdmin'));
    const { path, repository, oldest, newest } = await somePath();
    const plan = await planFor(path);
    const outcome = await executePrune(plan, { registry: refusing(), google: remover(repository), log: silent });
    expect(outcome.problems).toEqual([]);
    // The shared launcher stays, and loses the tag of the set that went.
    expect(outcome.untagged).toBe(plan.untaggings.length);
    const left = await takeInventory(registry, path);
    expect([...(left.get(`${path}/driver`)?.tags.keys() ?? [])].sort()).toEqual(
      [commitTag(newest.commit), keyTag(newest.images['driver']?.key ?? '')].sort(),
    );
    expect([...(left.get(`${path}/launcher`)?.tags.keys() ?? [])]).not.toContain(commitTag(oldest.commit));
    for (const { repository: at, digest } of Object.values(newest.images))
      expect(await registry.manifest(at, digest)).toBeDefined();
  });

  test('with the role that pushes nothing goes, and it is said which one deletes', async () => {
    world.rights.set(account, rightsOf('writer'));
    const { path, repository, oldest, middle } = await somePath();
    const outcome = await executePrune(await planFor(path), {
      registry: refusing(),
      google: remover(repository),
      log: silent,
    });
    expect(outcome.deleted).toEqual([]);
    expect(outcome.problems[0]).toMatch(
      new RegExp(
        `gcloud artifacts repositories add-iam-policy-binding ${repository} .*--member=user:${account} --role=roles/artifactregistry.repoAdmin`,
      ),
    );
    for (const set of [oldest, middle]) {
      expect(await registry.manifest(setRepository(path), commitTag(set.commit))).toBeDefined();
      for (const { repository: at, digest } of Object.values(set.images))
        expect(await registry.manifest(at, digest)).toBeDefined();
    }
  });
});
