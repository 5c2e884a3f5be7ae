import { pathSteps } from '../system/fieldPath';
import { nested } from './customResource';
import type { Snapshot } from './snapshot';

/**
 * The merge patch that takes a custom resource to a snapshot: of strategic merges the API server knows nothing for kinds that it was not
 * compiled with (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/). Fields beside those named
 * stay; a null takes one away, and leaves what it stood in. It is refused when somebody wrote in between.
 */
export function fieldPatchTo(to: Snapshot, resourceVersion: string): object {
  const fields = Object.entries(to.fields ?? {}).map(([path, value]) => [pathSteps(path), value] as const);
  return {
    metadata: { resourceVersion, annotations: to.annotations },
    ...nested(fields),
  };
}
