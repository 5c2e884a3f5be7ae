import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { ApiServer } from './apiServer';
import { serveLogs } from './fakeKubelet';
import { ensureReplicaSet, reportFailure, type Revision } from './fakeReplicaSets';

/*
 * A fake: it stands in for the controllers of Deployments and ReplicaSets, the scheduler and the kubelet, of which there is none here.
 * Against the real API server it makes and removes ReplicaSets and pods, and moves their status and that of their Deployments the way those
 * do. Pods run nothing.
 */

/** What becomes of a pod. */
export type Fate =
  /** `lines`: what it writes. */
  | { readonly kind: 'runs'; readonly lines?: readonly string[] }
  /** The image can't be pulled; the registry's words. */
  | { readonly kind: 'no-pull'; readonly words: string }
  /** The container ends right after its start, having written these lines. */
  | { readonly kind: 'crashes'; readonly lines: readonly string[] }
  /** Nothing happens, and nobody says why. */
  | { readonly kind: 'stuck' };

export interface FakeNode extends AsyncDisposable {
  /** By the image of the first container; changes hold from the next pod on. Default: it runs. */
  fateOf: (image: string, pod: FakePod) => Fate;
}

/** A pod as its fate may depend on it. */
export interface FakePod {
  readonly name: string;
  /** Of the first container. */
  readonly container: string;
  readonly env: Readonly<Record<string, string>>;
}

const nodeName = 'fake-node';

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access -- Kubernetes objects as they come, read by tests only */

/** Starts it for all Deployments of one namespace. */
export async function startFakeNode(server: ApiServer, namespace: string): Promise<FakeNode> {
  const logs = new Map<string, string>();
  const kubelet = await serveLogs(nodeName, logs);
  await server.api('/api/v1/nodes', { method: 'POST', body: { metadata: { name: nodeName } } });
  await server.api(`/api/v1/nodes/${nodeName}/status`, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: {
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: (kubelet.address() as AddressInfo).port } },
      },
    },
  });
  let stopped = false;
  const node: FakeNode = {
    fateOf: () => ({ kind: 'runs' }),
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      await loop;
      kubelet.closeAllConnections();
      await new Promise((resolve) => kubelet.close(resolve));
    },
  };
  const loop = (async () => {
    while (!stopped) {
      // Conflicts and a server that goes away at the end of a test are a controller's daily bread.
      await round(server, namespace, node, logs).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  })();
  return node;
}

async function round(server: ApiServer, namespace: string, node: FakeNode, logs: Map<string, string>): Promise<void> {
  const deployments = (await server.api(`/apis/apps/v1/namespaces/${namespace}/deployments`)).json.items;
  const sets = (await server.api(`/apis/apps/v1/namespaces/${namespace}/replicasets`)).json.items;
  const pods = (await server.api(`/api/v1/namespaces/${namespace}/pods?labelSelector=pod-template-hash`)).json.items;
  await Promise.all(
    deployments.map((deployment: any) =>
      reconcile(server, namespace, node, deployment, sets, pods, logs).catch(() => undefined),
    ),
  );
}

async function reconcile(
  server: ApiServer,
  namespace: string,
  node: FakeNode,
  deployment: any,
  sets: any[],
  allPods: any[],
  logs: Map<string, string>,
): Promise<void> {
  const { name, generation } = deployment.metadata;
  const template = deployment.spec.template;
  const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
  const own = allPods.filter((pod) => pod.metadata.labels?.deployment === name);
  const living = own.filter((pod) => pod.status.phase !== 'Failed');
  const newest = living.filter((pod) => pod.metadata.labels['pod-template-hash'] === hash);
  const old = living.filter((pod) => !newest.includes(pod));
  // Of a paused Deployment only the status is kept, and its old pods.
  const set: Revision | undefined =
    deployment.spec.paused === true ? undefined : await ensureReplicaSet(server, deployment, hash, sets);
  const wanted: number = deployment.spec.replicas;
  let failure = '';
  for (let missing = newest.length; set !== undefined && missing < wanted; missing++) {
    const labels = { ...template.metadata.labels, deployment: name, 'pod-template-hash': hash };
    const metadata = { generateName: `${name}-${hash}-`, labels, ownerReferences: [set.owner] };
    const body = { metadata, spec: { ...template.spec, nodeName } };
    const { status: code, json } = await server.api(`/api/v1/namespaces/${namespace}/pods`, { method: 'POST', body });
    if (code >= 400) failure = String(json.message);
  }
  if (set !== undefined) await reportFailure(server, set, failure);
  for (const pod of newest) await advance(server, namespace, fateOf(node, pod), pod, logs);
  const ready = newest.filter((pod) => isReady(pod)).length;
  // As with maxUnavailable 25 % of one replica: an old pod stays until a new one is ready.
  if (set !== undefined && ready >= wanted) {
    for (const pod of old) {
      await server.api(`/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}?gracePeriodSeconds=0`, {
        method: 'DELETE',
      });
    }
  }
  const isComplete = set !== undefined && ready >= wanted && living.length === newest.length;
  const progress = progressOf(deployment, hash, isComplete, set === undefined);
  const status = {
    observedGeneration: generation,
    replicas: living.length,
    updatedReplicas: newest.length,
    readyReplicas: living.filter((pod) => isReady(pod)).length,
    availableReplicas: living.filter((pod) => isReady(pod)).length,
  };
  const isSaid = (deployment.status?.conditions ?? []).some((each: any) => each.message === progress?.message);
  const isSame = Object.entries(status).every(([key, value]) => (deployment.status?.[key] ?? 0) === value);
  if (isSame && (isSaid || progress === undefined)) return;
  const conditions = progress === undefined ? {} : { conditions: [progress] };
  await patchStatus(server, `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, { ...status, ...conditions });
}

/**
 * What the controller says of a rollout. Once it is complete it says so until the next one, whatever becomes of its pods; of one that is paused
 * it says nothing here.
 */
function progressOf(deployment: any, hash: string, isComplete: boolean, isPaused: boolean): any {
  const said = (deployment.status?.conditions ?? []).find((each: any) => each.type === 'Progressing');
  if (isPaused) return said;
  const done = `ReplicaSet "${deployment.metadata.name}-${hash}" has successfully progressed.`;
  const isDone = isComplete || said?.message === done;
  const reason = isDone ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated';
  const message = isDone ? done : `ReplicaSet "${deployment.metadata.name}-${hash}" is progressing.`;
  return { type: 'Progressing', status: 'True', reason, message };
}

function fateOf(node: FakeNode, { metadata, spec }: any): Fate {
  const [{ name: container, image, env = [] }] = spec.containers;
  const values = env.flatMap(({ name, value }: any) => (value === undefined ? [] : [[name, value]]));
  return node.fateOf(image, { name: metadata.name, container, env: Object.fromEntries(values) });
}

async function advance(
  server: ApiServer,
  namespace: string,
  fate: Fate,
  pod: any,
  logs: Map<string, string>,
): Promise<void> {
  const { name } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const image: string = pod.spec.containers[0].image;
  const before = pod.status.containerStatuses?.[0];
  const statuses = (first: object, ready = false): object[] =>
    (pod.spec.containers as any[]).map((each: any): object => ({
      name: each.name,
      image: each.image,
      imageID: each.image.includes('@') ? each.image : '',
      ready,
      restartCount: 0,
      ...first,
    }));
  const conditions = (ready: boolean): object[] => [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Ready', status: ready ? 'True' : 'False' },
  ];
  switch (fate.kind) {
    case 'runs':
      logs.set(name, (fate.lines ?? []).map((line) => `${line}\n`).join(''));
      if (isReady(pod)) return;
      await patchStatus(server, path, {
        phase: 'Running',
        conditions: conditions(true),
        containerStatuses: statuses({ state: { running: { startedAt: new Date().toISOString() } } }, true),
      });
      return;
    case 'no-pull': {
      if (before?.state?.waiting !== undefined) return;
      // The kubelet says the registry's words in an event, and of the pod only that it backs off.
      const message = `Failed to pull image "${image}": ${fate.words}`;
      await server.api(`/api/v1/namespaces/${namespace}/events`, {
        method: 'POST',
        body: {
          metadata: { generateName: `${name}.` },
          involvedObject: { kind: 'Pod', namespace, name, apiVersion: 'v1' },
          reason: 'Failed',
          message,
          type: 'Warning',
        },
      });
      const state = { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` } };
      await patchStatus(server, path, {
        phase: 'Pending',
        conditions: conditions(false),
        containerStatuses: statuses({ state }),
      });
      return;
    }
    case 'crashes': {
      logs.set(name, `${fate.lines.join('\n')}\n`);
      const restartCount = Math.min(5, Number(before?.restartCount ?? 0) + 1);
      if (before?.restartCount === restartCount) return;
      const state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' } };
      const ended = { exitCode: 2, reason: 'Error', containerID: 'fake://1' };
      await patchStatus(server, path, {
        phase: 'Running',
        conditions: conditions(false),
        containerStatuses: statuses({ state, restartCount, lastState: { terminated: ended } }),
      });
      return;
    }
    case 'stuck':
      if (pod.status.conditions === undefined)
        await patchStatus(server, path, { phase: 'Pending', conditions: conditions(false) });
  }
}

async function patchStatus(server: ApiServer, path: string, status: object): Promise<void> {
  await server.api(`${path}/status`, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { status },
  });
}

function isReady(pod: any): boolean {
  return pod.status.conditions?.some((each: any) => each.type === 'Ready' && each.status === 'True') === true;
}
