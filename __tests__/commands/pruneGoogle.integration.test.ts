import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { runCli } from '../../src/commands/commandLine';
import { storeSet } from '../../src/publish/setArtifact';
import { putTag } from '../../src/publish/putTag';
import { commitTag, keyTag, setRepository } from '../../src/publish/tags';
import type { Registry } from '../../src/types';
import { startFakeCloud, type FakeCloud } from '../support/fakeGoogle/cloud';
import { rightsOf } from '../support/fakeGoogle/world';
import { testClient } from '../support/registryClient';
import { commitId, contentKey, pushTinyImage } from '../support/releaseSets';

/* The command at Artifact Registry (fakes around the real registry): what goes, goes by Google's API, as the account that may. */

let cloud: FakeCloud;
let registry: Registry;
let driver: string;
let old: string;
let fresh: string;

beforeAll(async () => {
  cloud = await startFakeCloud();
  registry = testClient({ login: { username: '_json_key', password: cloud.keyJson } }).registry;
  driver = `${cloud.path}/driver`;
  [old, fresh] = [await publish('old', 90), await publish('fresh', 1)];
});
afterAll(() => cloud[Symbol.asyncDispose]());
beforeEach(() => {
  for (const [name, value] of Object.entries({ ...cloud.env, GCP_SA_KEY: cloud.keyJson })) vi.stubEnv(name, value);
  return () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  };
});

async function publish(name: string, ageInDays: number): Promise<string> {
  const commit = commitId(name);
  const digest = await pushTinyImage(registry, { repository: driver, content: name, revision: commit });
  await putTag(registry, { repository: driver, tag: keyTag(contentKey(name)), digest });
  await putTag(registry, { repository: driver, tag: commitTag(commit), digest });
  const created = new Date(Date.now() - ageInDays * 86_400_000).toISOString();
  const images = { driver: { repository: driver, digest, key: contentKey(name) } };
  const lock = { version: 1 as const, commit, registryPath: cloud.path, images };
  await storeSet(registry, setRepository(cloud.path), commitTag(commit), lock, created);
  return digest;
}

/** Calls the command for what is older than a month, and gives its status, document and what it said. */
async function prune() {
  const printed: string[] = [];
  const said: string[] = [];
  const into = (lines: string[]) => (text: string | Uint8Array) => lines.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(into(printed));
  vi.spyOn(process.stderr, 'write').mockImplementation(into(said));
  const flags = ['--registry-path', cloud.path, '--json', '--yes', '--keep-last', '1', '--keep-days', '30'];
  const status = await runCli(['prune', ...flags]);
  return { status, document: JSON.parse(printed.join('')) as Readonly<Record<string, unknown>>, said: said.join('') };
}

const deletions = (): readonly string[] =>
  cloud.api.server.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => decodeURIComponent(path));

describe('kfp-images prune at Artifact Registry', () => {
  test('as who only pushes: nothing goes, and the role that deletes is named', async () => {
    const { status, document, said } = await prune();
    expect([status, document['deleted']]).toEqual([1, []]);
    expect(said).toMatch(/artifactregistry\.(?:versions|tags|packages)\.delete/);
    expect(said).toContain(
      `gcloud artifacts repositories add-iam-policy-binding kfp --project=my-project --location=europe-west3 --member=serviceAccount:${cloud.account} --role=roles/artifactregistry.repoAdmin`,
    );
    expect(await registry.manifest(driver, old)).toBeDefined();
  });

  test('as who may delete: by Google’s API, and only what is old', async () => {
    cloud.world.rights.set(cloud.account, rightsOf('repoAdmin'));
    const { status, document } = await prune();
    expect(status).toBe(0);
    expect(document).toMatchObject({ kind: 'pruned', problems: [] });
    expect(deletions().join('\n')).toContain(`/repositories/kfp/packages/driver/versions/${old}`);
    expect(deletions().join('\n')).not.toContain(fresh);
    expect(await registry.manifest(driver, old)).toBeUndefined();
    expect(await registry.manifest(driver, fresh)).toBeDefined();
    expect(JSON.stringify(document)).not.toContain('PRIVATE KEY');
  });
});
