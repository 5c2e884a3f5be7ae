import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { explainPushFailure } from '../../../src/google/hints/explain';
import type { FailureKind } from '../../../src/google/hints/hint';
import { putTag } from '../../../src/publish/putTag';
import type { Login } from '../../../src/oci/login';
import { message } from '../../../src/errors';
import type { RegistryFront } from '../../support/fakeGoogle/registryFront';
import { type FakeWorld, rightsOf } from '../../support/fakeGoogle/world';
import { startRegistry, type TestRegistry } from '../../support/registry';
import { testClient } from '../../support/registryClient';
import { pushTinyImage } from '../../support/releaseSets';
import { testKey } from '../../support/serviceAccountKey';
import { openFront, pathAt, project } from './front';
import { refusals } from './refusals';

/* Each refusal of Artifact Registry is produced once by a fake of it in front of the real registry, met by our client, and explained. */

let backend: TestRegistry;
let front: RegistryFront;
let world: FakeWorld;
let key: Login;
let account: string;

beforeAll(async () => {
  backend = await startRegistry();
  const made = await testKey(project);
  key = { username: '_json_key', password: made.json };
  account = made.clientEmail;
});
afterAll(() => backend.stop());
beforeEach(async () => {
  ({ world, front } = await openFront(account, backend));
  return () => front.close();
});

function context(repository: string, mayUpload?: boolean) {
  return { path: pathAt(front, repository), account, mayUpload };
}

/** What a push that fails is explained as. */
async function pushed(
  repository: string,
  login: Login | undefined,
): Promise<{ readonly text: string; readonly kind: FailureKind | undefined; readonly fix: string }> {
  const { registry } = testClient(login === undefined ? {} : { login });
  const at = `${front.host}/${project}/${repository}/driver`;
  const text = await push(registry, at).then(
    () => 'pushed',
    (thrown: unknown) => message(thrown),
  );
  const hint = explainPushFailure(text, context(repository));
  return { text, kind: hint?.kind, fix: hint?.fix.join('\n') ?? '' };
}

async function push(registry: ReturnType<typeof testClient>['registry'], repository: string): Promise<void> {
  for (const content of ['one', 'two']) {
    const digest = await pushTinyImage(registry, { repository, content, revision: 'x' });
    await putTag(registry, { repository, tag: 'latest', digest });
  }
}

describe('refused by Artifact Registry', () => {
  test('not at all: the front is a registry like any other', async () => {
    expect((await pushed('kfp', key)).text).toBe('pushed');
  });

  test('the role is missing', async () => {
    world.rights.set(account, rightsOf('reader'));
    const { kind, text, fix } = await pushed('kfp', key);
    expect([kind, text]).toEqual(['upload-denied', expect.stringContaining('uploadArtifacts')]);
    expect(fix).toContain(
      `add-iam-policy-binding kfp --project=${project} --location=europe-west3 --member=serviceAccount:${account} --role=roles/artifactregistry.writer`,
    );
  });

  test('no right even to read: the answer to the first question has no words, and the fix is the same', async () => {
    world.rights.set(account, []);
    const { kind, fix } = await pushed('kfp', key);
    expect(kind).toBe('upload-denied');
    expect(fix).toContain(`--member=serviceAccount:${account} --role=roles/artifactregistry.writer`);
  });

  test('no such repository', async () => {
    const { kind, fix } = await pushed('missing', key);
    expect(kind).toBe('repository-missing');
    expect(fix).toContain(`gcloud artifacts repositories create missing --project=${project} --location=europe-west3`);
  });

  test('immutable tags', async () => {
    const { kind, fix } = await pushed('fixed', key);
    expect(kind).toBe('tag-immutable');
    expect(fix).toContain('--no-immutable-tags');
  });

  test('no login', async () => {
    expect((await pushed('kfp', undefined)).kind).toBe('not-logged-in');
  });

  test('a mangled key, and one that was deleted', async () => {
    expect((await pushed('kfp', { ...key, password: key.password.slice(0, 100) })).kind).toBe('key-unreadable');
    world.rights.delete(account);
    expect((await pushed('kfp', key)).kind).toBe('login-refused');
  });

  test('an access token that has ended', async () => {
    const login = { username: 'oauth2accesstoken', password: world.issue(account, -1) };
    expect((await pushed('kfp', login)).kind).toBe('login-refused');
  });

  test('the path ends after the project', async () => {
    const { registry } = testClient({ login: key });
    const text = await registry.head(`${front.host}/${project}/driver`, 'latest').then(String, message);
    expect(explainPushFailure(text, context('driver'))?.kind).toBe('image-name-missing');
  });

  test.each(refusals)('%s', async (kind, refusal) => {
    front.refuseNext(
      (method, path) => method !== 'HEAD' && path.includes('/blobs/'),
      ...Array.from({ length: 20 }, () => refusal),
    );
    expect((await pushed(`kfp/${kind}`, key)).kind).toBe(kind);
  });
});
