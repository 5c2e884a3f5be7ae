import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { message } from '../../../src/errors';
import { createDockerLogin } from '../../../src/docker/dockerLogin';
import { explainPushFailure } from '../../../src/google/hints/explain';
import type { FailureKind } from '../../../src/google/hints/hint';
import type { Login } from '../../../src/oci/login';
import { docker, tempDir, type TempDir } from '../../support/engine';
import type { RegistryFront } from '../../support/fakeGoogle/registryFront';
import { type FakeWorld, rightsOf } from '../../support/fakeGoogle/world';
import { startRegistry, type TestRegistry } from '../../support/registry';
import { testKey } from '../../support/serviceAccountKey';
import { openFront, pathAt, project } from './front';
import { refusals } from './refusals';

/* Each refusal of Artifact Registry, produced by a fake of it in front of the real registry, as the engine's BuildKit words it. */

let backend: TestRegistry;
let front: RegistryFront;
let world: FakeWorld;
let folder: TempDir;
let key: Login;
let account: string;
let builds = 0;

beforeAll(async () => {
  [backend, folder] = await Promise.all([startRegistry(), tempDir()]);
  const made = await testKey(project);
  key = { username: '_json_key', password: made.json };
  account = made.clientEmail;
});
afterAll(async () => {
  await backend.stop();
  await folder.remove();
});
beforeEach(async () => {
  ({ world, front } = await openFront(account, backend));
  return () => front.close();
});

/** What BuildKit says to a push; empty: it went well. */
async function push(repository: string, login: Login | undefined): Promise<string> {
  builds += 1;
  const directory = join(folder.path, `login-${String(builds)}`);
  const { env } = await createDockerLogin(directory, front.host, login);
  const image = `${front.host}/${project}/${repository}:latest`;
  const args = ['buildx', 'build', '--builder', 'default', '--provenance=false', '--push', '--tag', image, '-'];
  const input = `FROM scratch\nLABEL build=${String(builds)}-${String(Date.now())}\n`;
  return docker(args, { env: { ...env, BUILDX_BUILDER: '' }, input }).then(() => '', message);
}

function explained(text: string, repository = 'kfp'): { readonly kind: FailureKind | undefined; readonly fix: string } {
  const hint = explainPushFailure(text, { path: pathAt(front, repository), account });
  return { kind: hint?.kind, fix: hint?.fix.join('\n') ?? '' };
}

describe('in the words of the engine and its BuildKit', () => {
  test('nothing is refused', async () => {
    expect(await push('kfp/driver', key)).toBe('');
  });

  test('the role is missing', async () => {
    world.rights.set(account, rightsOf('reader'));
    const text = await push('kfp/driver', key);
    expect(explained(text)).toEqual({
      kind: 'upload-denied',
      fix: expect.stringContaining(`--member=serviceAccount:${account} --role=roles/artifactregistry.writer`) as string,
    });
  });

  test('no right to read either', async () => {
    world.rights.set(account, []);
    const text = await push('kfp/driver', key);
    expect(explained(text).kind).toBe('upload-denied');
  });

  test('no such repository', async () => {
    const text = await push('missing/driver', key);
    expect(explained(text, 'missing').kind).toBe('repository-missing');
  });

  test('immutable tags', async () => {
    expect(await push('fixed/driver', key)).toBe('');
    const text = await push('fixed/driver', key);
    expect(explained(text, 'fixed').kind).toBe('tag-immutable');
  });

  test('no login', async () => {
    const text = await push('kfp/driver', undefined);
    expect(explained(text).kind).toBe('not-logged-in');
  });

  test('a token that has ended', async () => {
    const text = await push('kfp/driver', { username: 'oauth2accesstoken', password: world.issue(account, -1) });
    // The engine's two image stores word it differently; both fixes give a new login.
    expect(['token-expired', 'login-refused']).toContain(explained(text).kind);
  });

  test('a mangled key', async () => {
    const text = await push('kfp/driver', { ...key, password: key.password.slice(0, 100) });
    expect(['token-expired', 'key-unreadable']).toContain(explained(text).kind);
  });

  test('the path ends after the project', async () => {
    const text = await push('driver', key);
    expect(explained(text).kind).toBe('image-name-missing');
  });

  test.each(refusals)('%s', async (kind, refusal) => {
    front.refuseNext(
      (method, path) => method === 'PUT' && path.includes('/manifests/'),
      ...Array.from({ length: 30 }, () => refusal),
    );
    const text = await push(`kfp/${kind}`, key);
    expect(explained(text).kind).toBe(kind);
  });
});
