import type { ApiServer } from './apiServer';

/* A fake of what the Deployment controller does with ReplicaSets: one for each template, numbered, with the newest number on the Deployment. */

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access -- Kubernetes objects as they come, read by tests only */

/** The ReplicaSet of a Deployment's newest template. */
export interface Revision {
  readonly path: string;
  readonly conditions: readonly any[];
  /** For `ownerReferences` of its pods. */
  readonly owner: object;
}

const annotation = 'deployment.kubernetes.io/revision';
/** The numbers that a ReplicaSet had before it became the newest again. */
const history = 'deployment.kubernetes.io/revision-history';

/** Makes it, or takes the one that an earlier revision of the same template left, under the next number. */
export async function ensureReplicaSet(
  server: ApiServer,
  deployment: any,
  hash: string,
  all: readonly any[],
): Promise<Revision> {
  const { name, namespace, uid, annotations = {} } = deployment.metadata;
  const own = all.filter((set) => set.metadata.ownerReferences?.some((each: any) => each.uid === uid));
  const numberOf = (set: any): number => Number(set.metadata.annotations?.[annotation] ?? 0);
  const last = Math.max(0, ...own.map(numberOf));
  const folder = `/apis/apps/v1/namespaces/${namespace}/replicasets`;
  let found = own.find((set) => set.metadata.labels['pod-template-hash'] === hash);
  const number = found === undefined || numberOf(found) < last ? last + 1 : last;
  if (found === undefined) {
    const { template, replicas } = deployment.spec;
    const labels = { ...template.metadata.labels, 'pod-template-hash': hash };
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true };
    const body = {
      metadata: {
        name: `${name}-${hash}`,
        labels,
        annotations: { [annotation]: `${number}` },
        ownerReferences: [owner],
      },
      spec: { replicas, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
    };
    found = (await server.api(folder, { method: 'POST', body })).json;
  } else if (numberOf(found) < last) {
    const { [history]: before } = found.metadata.annotations;
    const numbers = [...(before === undefined ? [] : [before]), `${numberOf(found)}`].join(',');
    await annotate(server, `${folder}/${found.metadata.name}`, { [annotation]: `${number}`, [history]: numbers });
  }
  if (annotations[annotation] !== `${number}`)
    await annotate(server, `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, { [annotation]: `${number}` });
  return {
    path: `${folder}/${found.metadata.name}`,
    conditions: found.status?.conditions ?? [],
    owner: {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: found.metadata.name,
      uid: found.metadata.uid,
      controller: true,
    },
  };
}

/** Says in the ReplicaSet's status why it makes no pods; '': it does. */
export async function reportFailure(server: ApiServer, { path, conditions }: Revision, message: string): Promise<void> {
  const said = conditions.find(({ type }) => type === 'ReplicaFailure')?.message ?? '';
  if (said === message) return;
  const failed = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message };
  await server.api(`${path}/status`, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { status: { conditions: message === '' ? [] : [failed] } },
  });
}

async function annotate(server: ApiServer, path: string, annotations: object): Promise<void> {
  await server.api(path, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations } },
  });
}
