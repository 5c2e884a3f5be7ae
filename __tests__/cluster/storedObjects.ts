import type { ApiServer } from './apiServer';
import { compiledWorkflow, type CompiledWith } from '../deploy/kfpObjects';

/*
 * Stand-ins for recurring runs and Workflows: custom resources of the same names, which take any fields, and objects with those that KFP
 * 2.4.1 and 2.17.0 write. The apiserver that renews them is not here; tests do what it does.
 */

/** Registers both kinds, once for each API server. */
export async function installKinds(server: ApiServer): Promise<void> {
  await define(server, 'kubeflow.org', 'v1beta1', 'ScheduledWorkflow', 'scheduledworkflows');
  await define(server, 'argoproj.io', 'v1alpha1', 'Workflow', 'workflows');
}

async function define(server: ApiServer, group: string, version: string, kind: string, plural: string): Promise<void> {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const answer = await server.api('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    method: 'POST',
    body: {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [{ name: version, served: true, storage: true, schema }],
      },
    },
  });
  if (answer.status !== 201 && answer.status !== 409) throw new Error(JSON.stringify(answer.json));
  while ((await server.api(`/apis/${group}/${version}/${plural}`)).status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

const folderOf = (namespace: string): string => `/apis/kubeflow.org/v1beta1/namespaces/${namespace}/scheduledworkflows`;

/** Makes a recurring run and gives its id. `images` undefined: its Workflow is empty, as 2.17.0 has it without a pinned version. */
export async function addRecurringRun(
  server: ApiServer,
  namespace: string,
  name: string,
  own: {
    readonly enabled?: boolean;
    readonly version?: string;
    readonly images?: CompiledWith;
    /** Characters that its pipeline has besides. */
    readonly size?: number;
  },
): Promise<string> {
  const { enabled = true, version = '', images, size = 0 } = own;
  const answer = await server.api(folderOf(namespace), {
    method: 'POST',
    body: {
      apiVersion: 'kubeflow.org/v1beta1',
      kind: 'ScheduledWorkflow',
      metadata: { name },
      spec: {
        enabled,
        maxConcurrency: 1,
        trigger: { cronSchedule: { cron: '0 0 * * * *' } },
        pipelineId: 'p-1',
        pipelineVersionId: version,
        workflow: images === undefined ? {} : { spec: storedWorkflow(images, size) },
      },
    },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.json));
  return (answer.json as { metadata: { uid: string } }).metadata.uid;
}

/** What the apiserver does with one when it starts. */
export async function renewRecurringRun(
  server: ApiServer,
  namespace: string,
  name: string,
  images: CompiledWith,
): Promise<void> {
  const answer = await server.api(`${folderOf(namespace)}/${name}`, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { spec: { workflow: { spec: storedWorkflow(images) } } },
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.json));
}

/** Makes a Workflow that has failed. */
export async function addFailedRun(
  server: ApiServer,
  namespace: string,
  name: string,
  runId: string,
  images: CompiledWith,
): Promise<void> {
  const answer = await server.api(`/apis/argoproj.io/v1alpha1/namespaces/${namespace}/workflows`, {
    method: 'POST',
    body: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata: { name, labels: { 'pipeline/runid': runId, 'workflows.argoproj.io/phase': 'Failed' } },
      ...compiledWorkflow(images),
      status: { phase: 'Failed' },
    },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.json));
}

function storedWorkflow(images: CompiledWith, size = 0): string {
  const annotations = size === 0 ? {} : { annotations: { pipeline: 'x'.repeat(size) } };
  return JSON.stringify({ metadata: { generateName: 'p-', ...annotations }, ...compiledWorkflow(images) });
}

/** A pod of a run that is over, as Argo leaves it: it belongs to no Deployment. */
export async function addRunPod(server: ApiServer, namespace: string, name: string, size: number): Promise<void> {
  const answer = await server.api(`/api/v1/namespaces/${namespace}/pods`, {
    method: 'POST',
    body: {
      metadata: {
        name,
        labels: { 'workflows.argoproj.io/workflow': 'w', 'workflows.argoproj.io/completed': 'true' },
        annotations: { 'workflows.argoproj.io/template': 'x'.repeat(size) },
      },
      spec: { containers: [{ name: 'main', image: 'busybox' }], automountServiceAccountToken: false },
    },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.json));
}
