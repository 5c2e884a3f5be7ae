import { podsOf } from './cluster';
import type { Deployment, Pod } from './objects';
import type { Snapshot } from './snapshot';

/** What the pods of a Deployment run, held against what they should: sentences for people. Pure; nothing: all is as it should be. */
export interface Verification {
  /** It runs something else: not what was asked for. */
  readonly wrong: readonly string[];
  /** Worth saying, but not wrong. */
  readonly notes: readonly string[];
}

/**
 * Holds the live pods of a Deployment, those that are ending apart, against the containers of a snapshot: image and variables of the spec,
 * and the digest that the node says it runs. A node may name an index or the one image of it for its platform, so that a different digest
 * there is only a note.
 */
export function verifyPods(
  deployment: Deployment,
  allPods: readonly Pod[],
  wanted: Snapshot['containers'],
): Verification {
  const name = deployment.metadata.name;
  const pods = podsOf(deployment, allPods).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const wrong: string[] = [];
  const notes: string[] = [];
  if (pods.length === 0 && deployment.spec.replicas > 0) wrong.push(`${name} has no pod.`);
  if (deployment.spec.replicas === 0) notes.push(`${name} is scaled to 0: nothing of it runs.`);
  for (const pod of pods) {
    for (const [container, { image, env }] of Object.entries(wanted)) {
      const has = pod.spec.containers.find((each) => each.name === container);
      const where = `${name}: pod ${pod.metadata.name}`;
      if (image !== undefined && has?.image !== image)
        wrong.push(`${where} runs ${has?.image ?? 'nothing'}, not ${image}.`);
      for (const [variable, value] of Object.entries(env)) {
        if (value !== null && !('value' in value)) continue;
        const live = has?.env.findLast((each) => each.name === variable);
        const should = value?.value;
        if (live?.value === should) continue;
        wrong.push(`${where} has ${variable}=${live?.value ?? '(not set)'}, not ${should ?? '(not set)'}.`);
      }
      const status = pod.status.containerStatuses.find((each) => each.name === container);
      const runs = /@(sha256:[0-9a-f]{64})$/.exec(status?.imageID ?? '')?.[1];
      if (runs !== undefined && image?.includes('@sha256:') === true && !image.endsWith(runs)) {
        notes.push(
          `${where} reports the digest ${runs}, of an image that ${image} lists for its platform, or another one.`,
        );
      }
    }
  }
  return { wrong, notes };
}
