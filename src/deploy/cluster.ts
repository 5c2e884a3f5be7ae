import type * as v from 'valibot';
import { DeployError } from '../errors';
import { ask, isForbidden, isNotFound, refusal, type Kubectl } from './kubectl';
import { kinds, readObject, type Deployment, type Pod, type Secret, type ServiceAccount } from './objects';
import type { Workload } from './revision';

/** All Deployments of the namespace, by name, with who wrote which of their fields. */
export async function readDeployments(kubectl: Kubectl, signal?: AbortSignal): Promise<readonly Deployment[]> {
  const text = await ask(kubectl, 'read the Deployments', {
    args: ['get', 'deployments.apps', '--output=json', '--show-managed-fields'],
    ...(signal === undefined ? {} : { signal }),
  });
  return readObject(kinds.deployments, text, 'Deployments').items;
}

/** One Deployment as it is now. DeployError when it is gone. */
export async function readDeployment(kubectl: Kubectl, name: string): Promise<Deployment> {
  const text = await ask(kubectl, `read the Deployment ${name}`, {
    args: ['get', `deployments.apps/${name}`, '--output=json', '--show-managed-fields'],
  });
  return readObject(kinds.deployment, text, `Deployment ${name}`);
}

/**
 * All pods of the namespace that a Deployment's ReplicaSet made. Its controller gives each of them this label
 * (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label); pods of runs have none, and there may be
 * thousands of these.
 */
async function readPods(kubectl: Kubectl, signal?: AbortSignal): Promise<readonly Pod[]> {
  const text = await ask(kubectl, 'read the pods', {
    args: ['get', 'pods', '--selector=pod-template-hash', '--output=json'],
    ...(signal === undefined ? {} : { signal }),
  });
  return readObject(kinds.pods, text, 'pods').items;
}

/** What the controllers made of the namespace's Deployments. Who may not read ReplicaSets goes by the pods alone. */
export async function readWorkload(kubectl: Kubectl, signal?: AbortSignal): Promise<Workload> {
  const call = { args: ['get', 'replicasets.apps', '--output=json'], ...(signal === undefined ? {} : { signal }) };
  const [pods, answer] = await Promise.all([readPods(kubectl, signal), kubectl(call)]);
  if (answer.exitCode === 0)
    return { pods, replicaSets: readObject(kinds.replicaSets, answer.stdout, 'ReplicaSets').items };
  if (isForbidden(answer)) return { pods, replicaSets: [] };
  throw refusal('read the ReplicaSets', answer);
}

/** A secret; undefined: not there, or not ours to read. */
export async function readSecret(kubectl: Kubectl, name: string, namespace?: string): Promise<Secret | undefined> {
  return optional(kubectl, kinds.secret, `secret/${name}`, namespace);
}

/** A service account; undefined: not there, or not ours to read. */
export async function readServiceAccount(
  kubectl: Kubectl,
  name: string,
  namespace?: string,
): Promise<ServiceAccount | undefined> {
  return optional(kubectl, kinds.serviceAccount, `serviceaccount/${name}`, namespace);
}

/** The texts of a ConfigMap; none when it is not there, or not ours to read. */
export async function readConfigMap(kubectl: Kubectl, name: string): Promise<readonly string[]> {
  const data = await readConfigMapData(kubectl, name);
  return data === 'forbidden' ? [] : Object.values(data ?? {});
}

/** What a ConfigMap holds, by key; undefined: it is not there. */
export async function readConfigMapData(
  kubectl: Kubectl,
  name: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>> | 'forbidden' | undefined> {
  const what = `configmap/${name}`;
  const answer = await kubectl({ args: ['get', what, '--output=json'], ...(signal === undefined ? {} : { signal }) });
  if (answer.exitCode === 0) return readObject(kinds.configMap, answer.stdout, what).data;
  if (isForbidden(answer)) return 'forbidden';
  if (isNotFound(answer)) return undefined;
  throw refusal(`read ${what}`, answer);
}

/**
 * Namespaces of Kubeflow profiles, by the label that KFP's own profile controller goes by
 * (manifests/kustomize/base/installs/multi-user/pipelines-profile-controller of kubeflow/pipelines). Empty where they can't be listed.
 */
export async function profileNamespaces(kubectl: Kubectl): Promise<readonly string[]> {
  const selector = 'pipelines.kubeflow.org/enabled=true';
  const { exitCode, stdout } = await kubectl({ args: ['get', 'namespaces', '--selector', selector, '--output=json'] });
  if (exitCode !== 0) return [];
  return readObject(kinds.namespaces, stdout, 'namespaces').items.map(({ metadata }) => metadata.name);
}

/** What happened to a pod, oldest first; empty where events can't be read. */
export async function podEvents(kubectl: Kubectl, pod: string): Promise<readonly string[]> {
  const args = [
    'get',
    'events',
    '--field-selector',
    `involvedObject.kind=Pod,involvedObject.name=${pod}`,
    '--output=json',
  ];
  const { exitCode, stdout } = await kubectl({ args });
  return exitCode === 0 ? readObject(kinds.events, stdout, 'events').items.map(({ message }) => message) : [];
}

/** The last lines that a container wrote; of the run before where it was restarted. Empty where there are none. */
export async function lastLines(kubectl: Kubectl, pod: string, container: string): Promise<readonly string[]> {
  for (const previous of [['--previous'], []]) {
    const { exitCode, stdout } = await kubectl({
      args: ['logs', `pod/${pod}`, `--container=${container}`, '--tail=20', '--limit-bytes=20000', ...previous],
    });
    const lines = stdout.split('\n').filter((line) => line.trim() !== '');
    if (exitCode === 0 && lines.length > 0) return lines;
  }
  return [];
}

/** Throws DeployError that names every right that is missing. */
export async function requirePermissions(
  kubectl: Kubectl,
  wanted: readonly (readonly [verb: string, what: string])[],
): Promise<void> {
  const missing = await Promise.all(
    wanted.map(async ([verb, what]) => {
      const answer = await kubectl({ args: ['auth', 'can-i', verb, what] });
      const said = answer.stdout.trim();
      if (said !== 'yes' && !said.startsWith('no')) throw refusal('ask what may be done', answer);
      return said === 'yes' ? [] : [`${verb} ${what}`];
    }),
  );
  if (missing.flat().length === 0) return;
  throw new DeployError(
    `The user of this context may not ${missing.flat().join(', ')} in this namespace. Ask for a Role with these rights, or use another ` +
      'context (--context). Nothing was changed.',
  );
}

async function optional<T extends v.GenericSchema>(
  kubectl: Kubectl,
  schema: T,
  what: string,
  namespace?: string,
): Promise<v.InferOutput<T> | undefined> {
  const answer = await kubectl({
    args: ['get', what, '--output=json'],
    ...(namespace === undefined ? {} : { namespace }),
  });
  if (answer.exitCode === 0) return readObject(schema, answer.stdout, what);
  if (isNotFound(answer) || isForbidden(answer)) return undefined;
  throw refusal(`read ${what}`, answer);
}
