import { v1 } from '@google-cloud/artifact-registry';
import { grpc } from 'google-gax';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readApiError, type ApiError } from '../../src/google/artifactRegistry/apiError';
import { authClientOf } from '../../src/google/artifactRegistry/authClient';
import { createApiClient, type ArtifactRegistryClient } from '../../src/google/artifactRegistry/client';
import { putTag } from '../../src/publish/putTag';
import { startFakeArtifactRegistry, type FakeArtifactRegistry } from '../support/fakeGoogle/artifactRegistryApi';
import { startFakeGrpc, type FakeGrpc } from '../support/fakeGoogle/artifactRegistryGrpc';
import { storedImages } from '../support/fakeGoogle/storedImages';
import { FakeWorld, rightsOf } from '../support/fakeGoogle/world';
import { startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { pushTinyImage } from '../support/releaseSets';

/* One real registry, asked through the fake's two protocols: they must not tell different things. */

const account = 'ada@example.org';
const parent = 'projects/my-project/locations/europe-west3/repositories/kfp';
let server: TestRegistry;
let world: FakeWorld;
let api: FakeArtifactRegistry;
let fake: FakeGrpc;
let rest: ArtifactRegistryClient;
let overGrpc: ArtifactRegistryClient;
let digest: string;
let repository: string;

beforeAll(async () => {
  server = await startRegistry();
  world = new FakeWorld('my-project');
  world.add('europe-west3/kfp', { immutableTags: true, isScanning: true });
  world.rights.set(account, rightsOf('repoAdmin'));
  const images = storedImages(server);
  [api, fake] = await Promise.all([startFakeArtifactRegistry(world, images), startFakeGrpc(world, images)]);
  const auth = await authClientOf({ username: 'oauth2accesstoken', password: world.issue(account, 600) });
  if (auth === undefined) throw new Error('no credentials');
  rest = await createApiClient(auth, api.endpoint);
  // With credentials, though unused, or the library looks for some on the network.
  const sslCreds = grpc.credentials.createInsecure();
  overGrpc = new v1.ArtifactRegistryClient({ apiEndpoint: '127.0.0.1', port: fake.port, sslCreds, authClient: auth });
  const { registry } = testClient({ login: server });
  repository = `${server.host}/my-project/kfp/team/driver`;
  digest = await pushTinyImage(registry, { repository, content: 'x', revision: 'x' });
  await putTag(registry, { repository, tag: 'v1', digest });
  await putTag(registry, { repository, tag: 'v2', digest });
});
afterAll(async () => {
  await Promise.all([rest.close(), overGrpc.close()]);
  fake.close();
  await api.close();
  await server.stop();
});

/** Without TLS a channel sends no credentials of its own, so the token goes with the call. */
function withToken(token = world.issue(account, 600)) {
  return { otherArgs: { headers: { authorization: `Bearer ${token}` } } };
}

async function refusalOf(call: Promise<unknown>): Promise<ApiError> {
  return call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => readApiError(error),
  );
}

test('the same repository', async () => {
  const [viaRest] = await rest.getRepository({ name: parent });
  const [viaGrpc] = await overGrpc.getRepository({ name: parent }, withToken());
  expect(viaGrpc).toMatchObject({ name: parent, format: 'DOCKER', dockerConfig: { immutableTags: true } });
  for (const field of ['name', 'format', 'mode', 'dockerConfig', 'registryUri'] as const) {
    expect(JSON.stringify(viaRest[field]), field).toBe(JSON.stringify(viaGrpc[field]));
  }
});

test('the same docker images, with digest, tags, size and time', async () => {
  const [viaRest] = await rest.listDockerImages({ parent });
  const [viaGrpc] = await overGrpc.listDockerImages({ parent }, withToken());
  const told = (images: typeof viaRest) =>
    images.map(({ name, uri, tags, imageSizeBytes, uploadTime, mediaType }) => ({
      name,
      uri,
      tags: [...(tags ?? [])].sort(),
      bytes: Number(imageSizeBytes),
      at: [Number(uploadTime?.seconds), uploadTime?.nanos],
      mediaType,
    }));
  expect(told(viaGrpc)).toEqual(told(viaRest));
  expect(told(viaGrpc)).toMatchObject([{ name: `${parent}/dockerImages/team%2Fdriver@${digest}`, tags: ['v1', 'v2'] }]);
});

test.each([
  ['an unknown repository', 5, `${parent}x`, undefined],
  ['another project', 7, parent.replace('my-project', 'other'), undefined],
  ['no such token', 16, parent, 'ya29.x'],
])('%s is refused alike', async (_, code, name, token) => {
  const auth = await authClientOf({ username: 'oauth2accesstoken', password: token ?? world.issue(account, 600) });
  if (auth === undefined) throw new Error('no credentials');
  const client = await createApiClient(auth, api.endpoint);
  const viaRest = await refusalOf(client.getRepository({ name }));
  const viaGrpc = await refusalOf(overGrpc.getRepository({ name }, withToken(token)));
  expect(viaGrpc.code).toBe(code);
  expect({ ...viaGrpc, text: '' }).toEqual({ ...viaRest, text: '' });
});

test('what is deleted through one is gone for the other', async () => {
  world.add('europe-west3/kfp');
  const image = `${parent}/packages/team%2Fdriver`;
  await overGrpc.deleteTag({ name: `${image}/tags/v1` }, withToken());
  const [tags] = await rest.listTags({ parent: image });
  expect(tags.map(({ name }) => name)).toEqual([`${image}/tags/v2`]);
  const [operation] = await overGrpc.deleteVersion({ name: `${image}/versions/${digest}`, force: true }, withToken());
  await operation.promise();
  const [left] = await rest.listDockerImages({ parent });
  expect(left).toEqual([]);
});
