import type { ApiServer } from '../cluster/apiServer';

/* What a real API server of Kubeflow Pipelines left in the cluster, read without the product's own reader. */

/** Images of steps are the user's; KFP puts this one where a pod gets its image only when it starts. */
const notKfps = ['busybox', 'gcr.io/ml-pipeline/should-be-overridden-during-runtime'];

/** Every image that a compiled Workflow names, but those of its steps; sorted. */
export function imagesIn(workflow: unknown): readonly string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'image' && typeof inner === 'string' && inner !== '') found.add(inner);
      else look(inner);
    }
  };
  look(workflow);
  return [...found].filter((image) => !notKfps.includes(image)).sort();
}

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access -- Kubernetes objects as they come, read by tests only */

/** Recurring runs that store a Workflow: by their id, the images in it. */
export async function storedImages(
  server: ApiServer,
  namespace: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const path = `/apis/kubeflow.org/v1beta1/namespaces/${namespace}/scheduledworkflows`;
  const items: any[] = (await server.api(path)).json.items;
  return new Map(
    items.flatMap(({ metadata, spec }) => {
      const own = spec.workflow?.spec;
      const images = imagesIn(typeof own === 'string' && own !== '' ? JSON.parse(own) : own);
      return images.length === 0 ? [] : [[metadata.uid as string, images] as const];
    }),
  );
}

const workflows = (namespace: string): string => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/workflows`;

/** The Workflow of a run. */
export async function workflowOf(server: ApiServer, namespace: string, run: string): Promise<any> {
  const { json } = await server.api(`${workflows(namespace)}?labelSelector=pipeline%2Frunid%3D${run}`);
  const [found] = json.items;
  if (found === undefined) throw new Error(`no Workflow of run ${run}`);
  return found;
}

/** Argo's part: the run has failed. Gives the Workflow as it then is. */
export async function failWorkflow(server: ApiServer, namespace: string, run: string): Promise<any> {
  const { metadata, spec } = await workflowOf(server, namespace, run);
  const times = { startedAt: metadata.creationTimestamp, finishedAt: metadata.creationTimestamp };
  const node = { id: metadata.name, name: metadata.name, displayName: metadata.name, type: 'DAG', phase: 'Failed' };
  const answer = await server.api(`${workflows(namespace)}/${metadata.name}`, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: {
      metadata: { labels: { 'workflows.argoproj.io/phase': 'Failed', 'workflows.argoproj.io/completed': 'true' } },
      status: {
        phase: 'Failed',
        ...times,
        nodes: {
          [metadata.name]: {
            ...node,
            ...times,
            templateName: spec.entrypoint,
            templateScope: `local/${metadata.name}`,
          },
        },
      },
    },
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.json));
  return answer.json;
}
