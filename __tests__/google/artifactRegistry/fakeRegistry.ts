import { OAuth2Client, type AuthClient } from 'google-auth-library';
import { parseRegistryPath, type GoogleRegistryPath } from '../../../src/google/registryPath';
import { startFakeArtifactRegistry, type FakeArtifactRegistry } from '../../support/fakeGoogle/artifactRegistryApi';
import { FakeWorld, rightsOf } from '../../support/fakeGoogle/world';

export const project = 'my-project';
export const account = `builder@${project}.iam.gserviceaccount.com`;

/** This machine may be busy: no test waits until that is over. */
export const patient = { timeoutMs: 120_000 };

/** The FAKE of Artifact Registry's API, with a repository `europe-west3/kfp` on which `account` has a role. To be closed. */
export async function openFakeRegistry(
  role: Parameters<typeof rightsOf>[0],
): Promise<{ readonly world: FakeWorld; readonly api: FakeArtifactRegistry }> {
  const world = new FakeWorld(project);
  world.add('europe-west3/kfp');
  world.rights.set(account, rightsOf(role));
  return { world, api: await startFakeArtifactRegistry(world) };
}

export function at(path: string): GoogleRegistryPath {
  const parsed = parseRegistryPath(path);
  if (parsed.kind === 'other') throw new Error(`${path} is none of Google's`);
  return parsed;
}

export function clientOf(token: string): AuthClient {
  const auth = new OAuth2Client();
  auth.setCredentials({ access_token: token });
  return auth;
}
