import type { ApiServer } from './apiServer';

/*
 * A stand-in for the operator of Open Data Hub (opendatahub-io/data-science-pipelines-operator), which is not here: it makes three
 * Deployments from a custom resource whose definition is of our own shape with the names of the real one, as that operator does. It writes
 * them whole whenever they are not as they should be. Databases, storage, routes and all the rest it leaves out.
 */

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- Kubernetes objects as they come, read by tests only */

export const group = 'datasciencepipelinesapplications.opendatahub.io';
const [plural, kind] = ['datasciencepipelinesapplications', 'DataSciencePipelinesApplication'];

/** What the operator takes for a field that is not set: the params.env of its installation. */
export const own: Readonly<Record<string, string>> = {
  image: 'quay.io/opendatahub/ds-pipelines-api-server:master',
  argoDriverImage: 'quay.io/opendatahub/ds-pipelines-driver:master',
  argoLauncherImage: 'quay.io/opendatahub/ds-pipelines-launcher:master',
  persistenceAgent: 'quay.io/opendatahub/ds-pipelines-persistenceagent:master',
  scheduledWorkflow: 'quay.io/opendatahub/ds-pipelines-scheduledworkflow:master',
};

export interface FakeOperator extends AsyncDisposable {
  /** It does nothing while it sleeps, and says why in the custom resource. */
  asleep: string | undefined;
}

/** Where the custom resources of a namespace are. */
export const resourcePath = (namespace: string, name = '', version = 'v1'): string =>
  `/apis/${group}/${version}/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`;

/** Defines the kind. `without`: fields that an older definition has not yet; the API server leaves them out without a word. */
export async function defineKind(server: ApiServer, version = 'v1', without: readonly string[] = []): Promise<void> {
  const text = { type: 'string' };
  const part = (more: Readonly<Record<string, object>> = {}): object => ({
    type: 'object',
    default: { deploy: true },
    properties: Object.fromEntries(
      Object.entries({ deploy: { type: 'boolean', default: true }, image: text, ...more }).filter(
        ([name]) => !without.includes(name),
      ),
    ),
  });
  const spec = {
    type: 'object',
    properties: {
      dspVersion: { type: 'string', default: 'v2' },
      apiServer: part({ argoDriverImage: text, argoLauncherImage: text, enableSamplePipeline: { type: 'boolean' } }),
      persistenceAgent: part(),
      scheduledWorkflow: part(),
      objectStorage: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  const status = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const answer = await server.api('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    method: 'POST',
    body: {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames: ['dspa'] },
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            subresources: { status: {} },
            schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
          },
        ],
      },
    },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.json));
  while ((await server.api(`/apis/${group}/${version}/${plural}`)).status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Starts it for one namespace. */
export function startFakeOperator(server: ApiServer, namespace: string, version = 'v1'): FakeOperator {
  let stopped = false;
  const operator: FakeOperator = {
    asleep: undefined,
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      await loop;
    },
  };
  const loop = (async () => {
    while (!stopped) {
      await round(server, namespace, version, operator).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
  })();
  return operator;
}

async function round(server: ApiServer, namespace: string, version: string, operator: FakeOperator): Promise<void> {
  const { items } = (await server.api(resourcePath(namespace, '', version))).json;
  for (const resource of items) {
    const path = resourcePath(namespace, resource.metadata.name, version);
    await report(server, path, resource, operator.asleep);
    if (operator.asleep !== undefined) continue;
    for (const wanted of deploymentsOf(resource)) await make(server, namespace, wanted);
  }
}

async function report(server: ApiServer, path: string, resource: any, why: string | undefined): Promise<void> {
  const said = resource.status?.conditions?.[0]?.message;
  if (said === (why ?? '')) return;
  const condition = {
    type: 'APIServerReady',
    status: why === undefined ? 'True' : 'False',
    reason: why === undefined ? 'Deployed' : 'FailingToDeploy',
    message: why ?? '',
  };
  await server.api(`${path}/status`, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { status: { conditions: [condition] } },
  });
}

async function make(server: ApiServer, namespace: string, wanted: any): Promise<void> {
  const folder = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const path = `${folder}/${wanted.metadata.name}`;
  const live = await server.api(path);
  if (live.status === 404) await server.api(folder, { method: 'POST', body: wanted });
  else if (JSON.stringify(essence(live.json)) !== JSON.stringify(essence(wanted)))
    await server.api(path, {
      method: 'PUT',
      body: { ...wanted, metadata: { ...wanted.metadata, resourceVersion: live.json.metadata.resourceVersion } },
    });
}

/** What it cares for: images, variables, pull secrets. */
function essence({ spec }: any): unknown {
  const { containers, imagePullSecrets = [] } = spec.template.spec;
  return [containers.map(({ name, image, env = [] }: any) => [name, image, env]), imagePullSecrets];
}

function deploymentsOf({ metadata, spec }: any): readonly object[] {
  const { name, uid, namespace } = metadata;
  const deployment = (id: string, container: string, image: string, env: readonly object[] = []): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: id,
      namespace,
      ownerReferences: [{ apiVersion: `${group}/v1`, kind, name, uid, controller: true }],
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: id } },
      template: {
        metadata: { labels: { app: id } },
        spec: { serviceAccountName: id, containers: [{ name: container, image, env }] },
      },
    },
  });
  const or = (value: string | undefined, field: string): string => (value ?? '') || (own[field] ?? '');
  const { apiServer, persistenceAgent, scheduledWorkflow } = spec;
  return [
    ...(apiServer.deploy
      ? [
          deployment(`ds-pipeline-${name}`, 'ds-pipeline-api-server', or(apiServer.image, 'image'), [
            { name: 'V2_LAUNCHER_IMAGE', value: or(apiServer.argoLauncherImage, 'argoLauncherImage') },
            { name: 'V2_DRIVER_IMAGE', value: or(apiServer.argoDriverImage, 'argoDriverImage') },
          ]),
        ]
      : []),
    ...(persistenceAgent.deploy
      ? [
          deployment(
            `ds-pipeline-persistenceagent-${name}`,
            'ds-pipeline-persistenceagent',
            or(persistenceAgent.image, 'persistenceAgent'),
          ),
        ]
      : []),
    ...(scheduledWorkflow.deploy
      ? [
          deployment(
            `ds-pipeline-scheduledworkflow-${name}`,
            'ds-pipeline-scheduledworkflow',
            or(scheduledWorkflow.image, 'scheduledWorkflow'),
          ),
        ]
      : []),
  ];
}
