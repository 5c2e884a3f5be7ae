import type { GoogleRegistryPath } from '../../../src/google/registryPath';
import { startRegistryFront, type RegistryFront } from '../../support/fakeGoogle/registryFront';
import { FakeWorld, rightsOf } from '../../support/fakeGoogle/world';
import type { TestRegistry } from '../../support/registry';

export const project = 'my-project';

/** A FAKE of Google's front before a real registry, to whose repositories `kfp` and `fixed` `account` may push. To be closed. */
export async function openFront(
  account: string,
  backend: TestRegistry,
): Promise<{ readonly world: FakeWorld; readonly front: RegistryFront }> {
  const world = new FakeWorld(project);
  world.add('europe-west3/kfp');
  world.add('europe-west3/fixed', { immutableTags: true });
  world.rights.set(account, rightsOf('writer'));
  return { world, front: await startRegistryFront(world, backend) };
}

/** A repository of it, as the path of a run names it. */
export function pathAt({ host }: RegistryFront, repository: string): GoogleRegistryPath {
  return {
    kind: 'artifact-registry',
    host,
    path: `${project}/${repository}`,
    full: `${host}/${project}/${repository}`,
    isLoopback: true,
    warning: undefined,
    project,
    location: 'europe-west3',
    repository,
  };
}
