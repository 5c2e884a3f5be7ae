import { afterAll, beforeAll, expect, test } from 'vitest';
import { authClientOf } from '../../../src/google/artifactRegistry/authClient';
import { consoleLink, uploadedImages } from '../../../src/google/artifactRegistry/uploaded';
import { parseRegistryPath, type GoogleRegistryPath } from '../../../src/google/registryPath';
import { startFakeArtifactRegistry, type FakeArtifactRegistry } from '../../support/fakeGoogle/artifactRegistryApi';
import { storedImages } from '../../support/fakeGoogle/storedImages';
import { FakeWorld, rightsOf } from '../../support/fakeGoogle/world';
import { startRegistry, type TestRegistry } from '../../support/registry';
import { testClient } from '../../support/registryClient';
import { pushTinyImage } from '../../support/releaseSets';

const account = 'ada@example.org';
let server: TestRegistry;
let world: FakeWorld;
let api: FakeArtifactRegistry;

beforeAll(async () => {
  server = await startRegistry();
  world = new FakeWorld('my-project');
  world.add('europe-west3/kfp');
  world.rights.set(account, rightsOf('writer'));
  api = await startFakeArtifactRegistry(world, storedImages(server));
});
afterAll(async () => {
  await api.close();
  await server.stop();
});

function google(path: string): GoogleRegistryPath {
  const parsed = parseRegistryPath(path);
  if (parsed.kind === 'other') throw new Error('none of Google’s');
  return parsed;
}

test('size and time of what was pushed; what is not there is left out', async () => {
  const { registry } = testClient({ login: server });
  const digest = await pushTinyImage(registry, {
    repository: `${server.host}/my-project/kfp/team/driver`,
    content: 'x',
    revision: 'x',
  });
  const path = google('europe-west3-docker.pkg.dev/my-project/kfp/team');
  const auth = await authClientOf({ username: 'oauth2accesstoken', password: world.issue(account, 600) });
  if (auth === undefined) throw new Error('no credentials');
  const repository = `${path.full}/driver`;
  const missing = digest.replace(/.{8}$/, '00000000');
  const found = await uploadedImages(
    path,
    auth,
    [
      { repository, digest },
      { repository, digest: missing },
    ],
    { endpoint: api.endpoint, timeoutMs: 120_000 },
  );
  expect(found.map((image) => [image.repository, image.digest])).toEqual([[repository, digest]]);
  expect(found[0]?.bytes).toBeGreaterThan(100);
  expect(found[0]?.uploadedAt).toBeGreaterThan(0);
});

test('an API that does not answer leaves the summary as it is', async () => {
  const path = google('europe-west3-docker.pkg.dev/my-project/kfp');
  const auth = await authClientOf({ username: 'oauth2accesstoken', password: 'x' });
  if (auth === undefined) throw new Error('no credentials');
  api.answerNext('stall');
  const images = [{ repository: `${path.full}/driver`, digest: `sha256:${'0'.repeat(64)}` }];
  expect(await uploadedImages(path, auth, images, { endpoint: api.endpoint, timeoutMs: 200 })).toEqual([]);
});

test.each([
  ['europe-west3-docker.pkg.dev/my-project/kfp/team', 'my-project/europe-west3/kfp/team%2Fdriver', 'my-project'],
  ['eu.gcr.io/my-project', 'my-project/europe/eu.gcr.io/driver', 'my-project'],
])('the page on the console of %s', (path, page, project) => {
  const parsed = google(path);
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(consoleLink(parsed, `${parsed.full}/driver`, digest)).toBe(
    `https://console.cloud.google.com/artifacts/docker/${page}/${digest}?project=${project}`,
  );
});
