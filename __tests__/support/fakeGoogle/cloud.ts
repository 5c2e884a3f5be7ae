import { startRegistry, type TestRegistry } from '../registry';
import { testKey } from '../serviceAccountKey';
import { startFakeArtifactRegistry, type FakeArtifactRegistry } from './artifactRegistryApi';
import { startFakeContainerAnalysis, type FakeScan } from './containerAnalysis';
import { startFakeIdentity, type FakeIdentity } from './identity';
import { startRegistryFront, type FrontOptions, type RegistryFront } from './registryFront';
import { storedImages } from './storedImages';
import { FakeWorld, rightsOf } from './world';

/*
 * All FAKES of this folder together, around one real Distribution registry: a Google Cloud on loopback, as a whole run sees it.
 */
export interface FakeCloud extends AsyncDisposable {
  readonly world: FakeWorld;
  readonly backend: TestRegistry;
  readonly front: RegistryFront;
  readonly identity: FakeIdentity;
  readonly api: FakeArtifactRegistry;
  /** `https://host/path@digest` → what its scan came to. */
  readonly scans: Map<string, FakeScan>;
  /** Of a service account with the role of a writer; its tokens come from the fake. */
  readonly keyJson: string;
  readonly account: string;
  /** `127.0.0.1:port/PROJECT/kfp`, a repository that is there. */
  readonly path: string;
  /** What makes kfp-images take the fakes for Google. */
  readonly env: Readonly<Record<string, string>>;
}

export interface CloudOptions {
  /** Lifetime of tokens, in seconds. */
  readonly seconds?: number;
}

const project = 'my-project';
export const location = 'europe-west3';

export async function startFakeCloud({ seconds = 3600 }: CloudOptions = {}): Promise<FakeCloud> {
  const world = new FakeWorld(project);
  world.add(`${location}/kfp`);
  const front: FrontOptions = { location, seconds };
  const backend = await startRegistry();
  const scans = new Map<string, FakeScan>();
  const [identity, registryFront, api, analysis] = await Promise.all([
    startFakeIdentity(world, { seconds, impersonates: `image-builder@${project}.iam.gserviceaccount.com` }),
    startRegistryFront(world, backend, front),
    startFakeArtifactRegistry(world, storedImages(backend)),
    startFakeContainerAnalysis(world, (url) => scans.get(url)),
  ]);
  const key = await testKey(project, `http://${identity.server.host}/token`);
  world.trust(key.clientEmail, key.privateKey);
  world.rights.set(key.clientEmail, rightsOf('writer'));
  return {
    world,
    backend,
    front: registryFront,
    identity,
    api,
    scans,
    keyJson: key.json,
    account: key.clientEmail,
    path: `${registryFront.host}/${project}/kfp`,
    env: {
      CLOUDSDK_ARTIFACTS_LOCATION: location,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: `http://${api.server.host}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINERANALYSIS: `http://${analysis.server.host}/`,
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([registryFront.close(), api.close(), analysis.close(), identity.server.close()]);
      await backend.stop();
    },
  };
}
