import type { AuthClient } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Preflight } from '../../../src/google/artifactRegistry/preflightDecision';
import { preflight } from '../../../src/google/artifactRegistry/preflight';
import type { FakeArtifactRegistry } from '../../support/fakeGoogle/artifactRegistryApi';
import { google } from '../../support/fakeGoogle/identity';
import type { FakeWorld } from '../../support/fakeGoogle/world';
import { rightsOf } from '../../support/fakeGoogle/world';
import { account, at, clientOf, openFakeRegistry, patient, project } from './fakeRegistry';

const on = `--project=${project} --location=europe-west3`;
let world: FakeWorld;
let api: FakeArtifactRegistry;

beforeEach(async () => {
  ({ world, api } = await openFakeRegistry('writer'));
});
afterEach(() => api.close());

const client = (token = world.issue(account, 60)): AuthClient => clientOf(token);

function look(
  path = `europe-west3-docker.pkg.dev/${project}/kfp`,
  more: { readonly moveLatest?: boolean } = {},
): Promise<Preflight> {
  return preflight(at(path), client(), { endpoint: api.endpoint, account, ...patient, ...more });
}

const kinds = (hints: Preflight['errors']): readonly string[] => hints.map(({ kind }) => kind);

describe('before the first build', () => {
  test('all is well', async () => {
    expect(await look()).toEqual({
      errors: [],
      warnings: [],
      repository: 'there',
      mayUpload: true,
      immutableTags: false,
      isScanning: false,
    });
    expect(api.server.requests.map(({ path }) => path.split('?')[0]).sort()).toEqual([
      `/v1/projects/${project}/locations/europe-west3/repositories/kfp`,
      `/v1/projects/${project}/locations/europe-west3/repositories/kfp:testIamPermissions`,
    ]);
  });

  test('a wrong role', async () => {
    world.rights.set(account, rightsOf('reader'));
    const found = await look();
    expect(kinds(found.errors)).toEqual(['upload-denied']);
    expect(found.mayUpload).toBe(false);
    expect(found.errors[0]?.fix).toContain(
      `gcloud artifacts repositories add-iam-policy-binding kfp ${on} --member=serviceAccount:${account} --role=roles/artifactregistry.writer`,
    );
  });

  test('no role at all', async () => {
    world.rights.set(account, []);
    const found = await look();
    expect(kinds(found.errors)).toEqual(['upload-denied']);
  });

  test('a misspelt repository, with what was meant', async () => {
    const found = await look(`europe-west3-docker.pkg.dev/${project}/kpf-images`);
    world.add('europe-west3/kfp-images');
    const better = await look(`europe-west3-docker.pkg.dev/${project}/kpf-images`);
    expect(kinds(found.errors)).toEqual(['repository-missing']);
    expect(found.repository).toBe('missing');
    expect(better.errors[0]?.cause).toMatch(/Did you mean kfp-images\?/);
    expect(better.errors[0]?.fix).toContain(
      `gcloud artifacts repositories create kpf-images ${on} --repository-format=docker`,
    );
  });

  test('a wrong location: there is one, but not this repository', async () => {
    const found = await look(`us-central1-docker.pkg.dev/${project}/kfp`);
    expect(kinds(found.errors)).toEqual(['repository-missing']);
    expect(found.errors[0]?.cause).toMatch(/may be in another/);
  });

  test('a location that is none', async () => {
    const found = await look(`europe-west33-docker.pkg.dev/${project}/kfp`);
    expect(kinds(found.errors)).toEqual(['location-unknown']);
    expect(found.errors[0]?.fix).toContain('gcloud artifacts locations list');
  });

  test('a wrong project', async () => {
    const found = await look('europe-west3-docker.pkg.dev/my-projct/kfp');
    expect(kinds(found.errors)).toEqual(['project-missing']);
    expect(found.errors[0]?.fix).toContain('gcloud projects describe my-projct');
  });

  test('the API is disabled', async () => {
    world.apiEnabled = false;
    const found = await look();
    expect(kinds(found.errors)).toEqual(['api-disabled']);
    expect(found.errors[0]?.fix).toEqual([
      `gcloud services enable artifactregistry.googleapis.com --project=${project}`,
    ]);
  });

  test('immutable tags: an error only for who moves them', async () => {
    world.add('europe-west3/kfp', { immutableTags: true });
    const [staying, moving] = [await look(), await look(undefined, { moveLatest: true })];
    expect([kinds(staying.errors), kinds(staying.warnings)]).toEqual([[], ['tag-immutable']]);
    expect([kinds(moving.errors), kinds(moving.warnings)]).toEqual([['tag-immutable'], []]);
    expect(moving.immutableTags).toBe(true);
    expect(moving.errors[0]?.fix).toContain(`gcloud artifacts repositories update kfp ${on} --no-immutable-tags`);
  });

  test.each([
    ['another format', { format: 'MAVEN' }, /MAVEN packages/],
    ['a virtual one', { mode: 'VIRTUAL_REPOSITORY' }, /a view of others/],
    ['a remote one', { mode: 'REMOTE_REPOSITORY' }, /a cache/],
  ])('a repository of another kind: %s', async (_, change, why) => {
    world.add('europe-west3/kfp', change);
    const found = await look();
    expect(kinds(found.errors)).toEqual(['repository-kind']);
    expect(found.errors[0]?.cause).toMatch(why);
  });

  test('credentials that Google does not know', async () => {
    const auth = client('ya29.wrong');
    const found = await preflight(at(`europe-west3-docker.pkg.dev/${project}/kfp`), auth, {
      endpoint: api.endpoint,
      ...patient,
    });
    expect(kinds(found.errors)).toEqual(['login-refused']);
  });

  test('the host of a former Container Registry, whose repository the first push makes', async () => {
    const found = await look(`eu.gcr.io/${project}`);
    expect([kinds(found.errors), kinds(found.warnings)]).toEqual([[], ['repository-missing']]);
  });
});

describe('what can’t be looked at stops nothing', () => {
  test('no right to read about the repository, but to push', async () => {
    world.rights.set(
      account,
      rightsOf('writer').filter((right) => right !== 'artifactregistry.repositories.get'),
    );
    const found = await look();
    expect([kinds(found.errors), kinds(found.warnings)]).toEqual([[], ['download-denied']]);
    expect(found).toMatchObject({ repository: 'unknown', mayUpload: true, immutableTags: undefined });
  });

  test('no word on rights', async () => {
    const nothing = google(403, 'PERMISSION_DENIED', 'The caller does not have permission');
    api.answerNext(nothing, nothing);
    const found = await look();
    expect(kinds(found.errors)).toEqual([]);
    expect(found.warnings).toHaveLength(1);
    expect(found.warnings[0]?.cause).toMatch(/pushing may work all the same/);
  });

  test('rights on tags that a repository may not be asked about', async () => {
    world.testsTagRights = false;
    expect(await look()).toMatchObject({ errors: [], warnings: [], mayUpload: true });
  });

  test('rights on tags that are missing', async () => {
    world.rights.set(
      account,
      rightsOf('writer').filter((right) => !right.includes('.tags.')),
    );
    const [staying, moving] = [await look(), await look(undefined, { moveLatest: true })];
    expect([kinds(staying.errors), kinds(staying.warnings)]).toEqual([[], ['tag-denied']]);
    expect(kinds(moving.errors)).toEqual(['tag-denied']);
  });

  test('an API that does not answer: a warning when the time is up', async () => {
    api.answerNext('stall', 'stall');
    const found = await preflight(at(`europe-west3-docker.pkg.dev/${project}/kfp`), client(), {
      endpoint: api.endpoint,
      timeoutMs: 300,
    });
    expect([kinds(found.errors), kinds(found.warnings)]).toEqual([[], ['registry-unavailable']]);
    expect(found.repository).toBe('unknown');
  });

  test('nobody there', async () => {
    const found = await preflight(at(`europe-west3-docker.pkg.dev/${project}/kfp`), client(), {
      endpoint: { host: '127.0.0.1', port: 1 },
      timeoutMs: 300,
    });
    expect(kinds(found.errors)).toEqual([]);
    expect(found.warnings).toHaveLength(1);
  });

  test('a moment’s outage is waited for', async () => {
    const later = google(503, 'UNAVAILABLE', 'The service is currently unavailable.');
    api.answerNext(later, later);
    expect((await look()).errors).toEqual([]);
    expect(api.server.requests).toHaveLength(4);
  });

  test('the API switched off in the project of the account, not in the one pushed to', async () => {
    world.apiEnabled = false;
    const elsewhere = await preflight(at(`europe-west3-docker.pkg.dev/${project}/kfp`), client(), {
      endpoint: api.endpoint,
      account: 'builder@ci-project.iam.gserviceaccount.com',
      ...patient,
    });
    expect([kinds(elsewhere.errors), kinds(elsewhere.warnings)]).toEqual([[], ['api-disabled']]);
  });

  test('an interrupt ends it at once', async () => {
    api.answerNext('stall', 'stall');
    const stop = new AbortController();
    const looking = preflight(at(`europe-west3-docker.pkg.dev/${project}/kfp`), client(), {
      endpoint: api.endpoint,
      timeoutMs: 60_000,
      signal: stop.signal,
    });
    stop.abort(new Error('stopped'));
    await expect(looking).rejects.toThrow('stopped');
  });
});
