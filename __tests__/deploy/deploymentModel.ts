import { changesTo, type Change } from '../../src/deploy/changes';
import { keyOf } from '../../src/deploy/customResource';
import { deployStamp, latestOperation, rollbackPlan } from '../../src/deploy/history';
import type { Deployment } from '../../src/deploy/objects';
import type { Snapshot } from '../../src/deploy/snapshot';

/* A model of Deployments that does what the patches of a command ask for, as many of them as come before it is killed. */

export type Cluster = readonly Deployment[];
export type SetName = 'A' | 'B' | 'C';

/** One command. */
export type Step =
  | { readonly kind: 'deploy'; readonly set: SetName; readonly only: readonly string[]; readonly kill: Kill }
  | { readonly kind: 'rollback'; readonly kill: Kill };
/** `after`: so many patches; undefined: it came to its end. `order`: ranks that shuffle them. */
export interface Kill {
  readonly after: number | undefined;
  readonly order: readonly number[];
}

export const names = ['api', 'cache', 'agent', 'viewer'];
export const original: Cluster = names.map((name) => ({
  metadata: {
    name,
    uid: name,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '',
    annotations: {},
    labels: {},
    ownerReferences: [],
    managedFields: [],
  },
  spec: {
    replicas: 1,
    paused: false,
    selector: { matchLabels: {}, matchExpressions: [] },
    strategy: { type: 'RollingUpdate' },
    template: {
      spec: {
        containers: [
          {
            name: 'main',
            image: `upstream/${name}:1`,
            env: name === 'api' ? [{ name: 'DRIVER', value: 'upstream/driver:1' }] : [],
            envFrom: [],
          },
          { name: 'other', image: 'other:1', env: [], envFrom: [] },
        ],
        initContainers: [],
        imagePullSecrets: [],
        serviceAccountName: 'default',
        volumes: [],
      },
    },
  },
  status: {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    conditions: [],
  },
}));

let ids = 0;
const fresh = (): { readonly id: string; readonly at: string } => ({
  id: `id-${(ids += 1)}`,
  at: '2026-11-23T08:00:00Z',
});

function planned(cluster: Cluster, step: Step): readonly Change[] {
  if (step.kind === 'rollback')
    return latestOperation(cluster) === undefined ? [] : rollbackPlan(cluster, fresh()).changes;
  const targets = names
    .filter((name) => step.only.length === 0 || step.only.includes(name))
    .map((name) => ({
      deployment: name,
      container: 'main',
      image: `mine/${name}@${step.set}`,
      env: name === 'api' ? { DRIVER: `mine/driver@${step.set}` } : {},
    }));
  const set = { commit: step.set, id: step.set };
  // Set C comes with a pull secret of its own.
  const secrets = new Map(step.set === 'C' ? names.map((name) => [name, ['login']]) : []);
  return changesTo(targets, cluster, set, secrets, deployStamp(cluster, step.only.length === 0, fresh())).changes;
}

export function play(cluster: Cluster, step: Step): Cluster {
  const { order, after } = step.kill;
  const changes = planned(cluster, step).toSorted((a, b) => rank(order, a) - rank(order, b));
  return changes
    .slice(0, after)
    .reduce(
      (all, change) =>
        all.map((live) => (live.metadata.name === keyOf(change.live) ? patched(live, change.after) : live)),
      cluster,
    );
}

function rank(order: readonly number[], { live }: Change): number {
  return order[names.indexOf(keyOf(live))] ?? 0;
}

/** What a strategic-merge patch makes of a Deployment. */
function patched(live: Deployment, after: Snapshot): Deployment {
  const { spec } = live.spec.template;
  const containers = spec.containers.map((container) => {
    const { image = container.image, env = {} } = after.containers[container.name] ?? {};
    const kept = container.env.filter(({ name }) => !Object.hasOwn(env, name));
    const added = Object.entries(env).flatMap(([name, value]) => (value === null ? [] : [{ name, ...value }]));
    return { ...container, image, env: [...kept, ...added] };
  });
  const imagePullSecrets = [
    ...spec.imagePullSecrets.filter(({ name }) => !Object.hasOwn(after.pullSecrets, name)),
    ...Object.entries(after.pullSecrets).flatMap(([name, isThere]) => (isThere ? [{ name }] : [])),
  ];
  const annotations = Object.entries({ ...live.metadata.annotations, ...after.annotations });
  return {
    ...live,
    metadata: {
      ...live.metadata,
      annotations: Object.fromEntries(annotations.flatMap(([key, value]) => (value === null ? [] : [[key, value]]))),
    },
    spec: { ...live.spec, template: { spec: { ...spec, containers, imagePullSecrets } } },
  };
}

/** Containers with images and variables. */
export function images(cluster: Cluster): string {
  return JSON.stringify(cluster.map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers]));
}

/** The same with pull secrets, which a deploy adds and never takes away; without our notes. */
export function running(cluster: Cluster): string {
  return JSON.stringify(cluster.map(({ metadata, spec }) => [metadata.name, spec.template.spec]));
}

const whole = { after: undefined, order: [] };
export const rollback: Step = { kind: 'rollback', kill: whole };
export const deploy = (set: SetName, only: readonly string[] = []): Step => ({
  kind: 'deploy',
  set,
  only,
  kill: whole,
});
