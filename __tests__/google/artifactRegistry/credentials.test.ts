import { authClientOf } from '../../../src/google/artifactRegistry/authClient';
import type { AuthClient } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRepository } from '../../../src/google/artifactRegistry/createRepository';
import type { Preflight } from '../../../src/google/artifactRegistry/preflightDecision';
import { preflight } from '../../../src/google/artifactRegistry/preflight';
import type { FakeArtifactRegistry } from '../../support/fakeGoogle/artifactRegistryApi';
import type { FakeWorld } from '../../support/fakeGoogle/world';
import { rightsOf } from '../../support/fakeGoogle/world';
import { testKey } from '../../support/serviceAccountKey';
import { account, at, clientOf, openFakeRegistry, patient, project } from './fakeRegistry';

let world: FakeWorld;
let api: FakeArtifactRegistry;

beforeEach(async () => {
  ({ world, api } = await openFakeRegistry('writer'));
});
afterEach(() => api.close());

const client = (token = world.issue(account, 60)): AuthClient => clientOf(token);

function look(path = `europe-west3-docker.pkg.dev/${project}/kfp`): Promise<Preflight> {
  return preflight(at(path), client(), { endpoint: api.endpoint, account, ...patient });
}

describe('with the login of a registry', () => {
  test('a key signs its own token, and no token server is asked', async () => {
    const key = await testKey(project);
    world.trust(key.clientEmail, key.privateKey);
    world.rights.set(key.clientEmail, rightsOf('writer'));
    for (const login of [
      { username: '_json_key', password: key.json },
      { username: '_json_key_base64', password: Buffer.from(key.json).toString('base64') },
    ]) {
      const auth = await authClientOf(login);
      if (auth === undefined) throw new Error('no credentials');
      const found = await preflight(at(`europe-west3-docker.pkg.dev/${project}/kfp`), auth, {
        endpoint: api.endpoint,
        ...patient,
      });
      expect(found).toMatchObject({ errors: [], warnings: [], mayUpload: true });
    }
  });

  test('an access token', async () => {
    const auth = await authClientOf({ username: 'oauth2accesstoken', password: world.issue(account, 60) });
    if (auth === undefined) throw new Error('no credentials');
    const found = await preflight(at(`europe-west3-docker.pkg.dev/${project}/kfp`), auth, {
      endpoint: api.endpoint,
      ...patient,
    });
    expect(found.errors).toEqual([]);
  });

  test.each([
    { username: '<token>', password: 'identity' },
    { username: 'me', password: 'secret' },
    { username: '_json_key', password: '{"type":"service_account"}' },
    { username: '_json_key', password: 'no JSON' },
  ])('none that the API takes: $username $password', async (login) => {
    expect(await authClientOf(login)).toBeUndefined();
  });
});

describe('making the repository', () => {
  const path = `europe-west3-docker.pkg.dev/${project}/new`;

  test('is done, and done once', async () => {
    world.rights.set(account, rightsOf('admin'));
    expect(await createRepository(at(path), client(), { endpoint: api.endpoint })).toBe('created');
    expect(world.repositories.get('europe-west3/new')?.format).toBe('DOCKER');
    expect(await createRepository(at(path), client(), { endpoint: api.endpoint })).toBe('there');
    expect(await look(path)).toMatchObject({ errors: [], repository: 'there' });
  });

  test('who may not learns which role is missing', async () => {
    await expect(createRepository(at(path), client(), { endpoint: api.endpoint })).rejects.toThrow(
      /artifactregistry\.repositories\.create[^]*roles\/artifactregistry\.admin[^]*gcloud artifacts repositories create new/,
    );
    expect(world.repositories.has('europe-west3/new')).toBe(false);
  });

  test('with the API disabled', async () => {
    world.apiEnabled = false;
    await expect(createRepository(at(path), client(), { endpoint: api.endpoint })).rejects.toThrow(
      /gcloud services enable artifactregistry\.googleapis\.com --project=my-project/,
    );
  });
});
