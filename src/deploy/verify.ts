import type { Deployment, Pod } from './objects';
import { digestIn, isSameImage } from './reference';
import { newestPods, type Workload } from './revision';
import type { Snapshot } from './snapshot';

/** What the pods of a Deployment run, held against what they should: sentences for people. Pure; nothing: all is as it should be. */
interface Verification {
  /** It runs something else: not what was asked for. */
  readonly wrong: readonly string[];
  /** Worth saying, but not wrong. */
  readonly notes: readonly string[];
}

/**
 * Holds the living pods of a Deployment's newest revision against the containers of a snapshot: image and variables of the spec, and the
 * digest that the node says it runs. The same digest from another registry is what was asked for, only rewritten on its way. A node may
 * name an index or the one image of it for its platform, so that a different digest there is only a note.
 */
export function verifyPods(deployment: Deployment, workload: Workload, wanted: Snapshot['containers']): Verification {
  const name = deployment.metadata.name;
  const pods = newestPods(deployment, workload);
  const wrong: string[] = [];
  const notes: string[] = [];
  if (pods.length === 0 && deployment.spec.replicas > 0) wrong.push(`${name} has no pod.`);
  if (deployment.spec.replicas === 0) notes.push(`${name} is scaled to 0: nothing of it runs.`);
  for (const pod of pods) {
    for (const [container, { image, env }] of Object.entries(wanted)) {
      const has = pod.spec.containers.find((each) => each.name === container);
      const where = `${name}: pod ${pod.metadata.name}`;
      if (image !== undefined && !isSameImage(has?.image ?? '', image))
        wrong.push(`${where} runs ${has?.image ?? 'nothing'}, not ${image}.`);
      else if (image !== undefined && has?.image !== image)
        notes.push(`${where} runs ${has?.image ?? ''}: something in the cluster rewrites where images come from.`);
      for (const [variable, value] of Object.entries(env)) {
        if (value !== null && !('value' in value)) continue;
        const live = has?.env.findLast((each) => each.name === variable);
        const should = value?.value;
        if (live?.value === should || isSameImage(live?.value ?? '', should ?? '')) continue;
        wrong.push(`${where} has ${variable}=${live?.value ?? '(not set)'}, not ${should ?? '(not set)'}.`);
      }
      notes.push(...nodeNote(pod, container, image, where));
    }
  }
  return { wrong, notes };
}

function nodeNote(pod: Pod, container: string, image: string | undefined, where: string): readonly string[] {
  const status = pod.status.containerStatuses.find((each) => each.name === container);
  const [runs, should] = [digestIn(status?.imageID ?? ''), digestIn(image ?? '')];
  if (runs === undefined || should === undefined || runs === should) return [];
  return [
    `${where} reports the digest ${runs}, of an image that ${image ?? ''} lists for its platform, or another one.`,
  ];
}
