import { DeployError } from '../errors';
import type { Catalog, LockFile } from '../types';
import { changesTo, type ChangeSet } from './changes';
import { currentContext, readConfigMap, readDeployments, requirePermissions } from './cluster';
import { deployStamp, latestOperation } from './history';
import type { Kubectl, Place } from './kubectl';
import type { Deployment } from './objects';
import { profileController, profileControllerTarget, scriptConfigMaps } from './profileController';
import { checkPullAccess } from './pullAccess';
import { setId } from './release';
import type { Snapshot } from './snapshot';
import { targetsOf, type Target } from './targets';

/** What is to be deployed. */
export interface DeployRequest {
  readonly catalog: Catalog;
  readonly lock: LockFile;
  /** As the user named them; empty: all that the set and the cluster have. */
  readonly names: readonly string[];
  readonly pullSecret: string | undefined;
  /** Does the registry want a login? */
  readonly isPrivate: boolean | 'unknown';
  /** An id for this change, and when it begins. */
  readonly fresh: { readonly id: string; readonly at: string };
}

/** What is going to happen, for people to read and for `carryOut` to do. */
export interface Prepared {
  readonly context: string;
  readonly namespace: string;
  readonly changeSet: ChangeSet;
  readonly expected: ReadonlyMap<string, Snapshot['containers']>;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads the cluster and decides; changes nothing. Throws UsageError or DeployError when the set may not go there. */
export async function prepareDeploy(kubectl: Kubectl, place: Place, request: DeployRequest): Promise<Prepared> {
  const { catalog, lock, names, fresh } = request;
  const [context, deployments] = await Promise.all([contextOf(kubectl, place), readDeployments(kubectl)]);
  requireKfp(catalog, deployments, place.namespace);
  const present = new Set(deployments.map(({ metadata }) => metadata.name));
  const { targets, notes } = targetsOf(catalog, lock, names, present, place.namespace);
  const controller = await controllerTarget(kubectl, lock, names, targets, deployments);
  const all = controller === undefined ? targets : [...targets, controller];
  if (all.length === 0) {
    throw new DeployError(
      `Nothing of the set of commit ${lock.commit} runs in the namespace ${place.namespace}.\n${notes.join('\n')}`,
    );
  }
  const touched = deployments.filter(({ metadata }) => all.some(({ deployment }) => deployment === metadata.name));
  await requirePermissions(kubectl, [
    ['list', 'pods'],
    ...touched.map(({ metadata }) => ['patch', `deployments.apps/${metadata.name}`] as const),
  ]);
  const access = await checkPullAccess(kubectl, {
    host: lock.registryPath.split('/')[0] ?? '',
    isPrivate: request.isPrivate,
    pullSecret: request.pullSecret,
    namespace: place.namespace,
    deployments: touched,
  });
  const set = { commit: lock.commit, id: setId(lock) };
  const changeSet = changesTo(
    all,
    deployments,
    set,
    access.pullSecret,
    deployStamp(deployments, names.length === 0, fresh),
  );
  return {
    context,
    namespace: place.namespace,
    changeSet,
    expected: expectedOf(all),
    notes: [...notes, ...interruptedNote(deployments)],
    warnings: [...access.warnings, ...touched.flatMap(gitOpsWarning)],
  };
}

/** The context's name, asked for where the user named none. */
export async function contextOf(kubectl: Kubectl, { context }: Place): Promise<string> {
  return context ?? currentContext(kubectl);
}

/** Throws DeployError when the namespace has no Deployment of the catalog. */
export function requireKfp(catalog: Catalog, deployments: readonly Deployment[], namespace: string): void {
  const known = new Set([...catalog.images.values()].flatMap(({ deploy }) => deploy?.deployment ?? []));
  if (deployments.some(({ metadata }) => known.has(metadata.name))) return;
  throw new DeployError(
    `The namespace ${namespace} of this cluster has no Kubeflow Pipelines: none of ${[...known].join(', ')} is there. ` +
      'Look with `kubectl get deployments --all-namespaces`, then give --namespace, or another --context.',
  );
}

function interruptedNote(deployments: readonly Deployment[]): readonly string[] {
  const last = latestOperation(deployments);
  if (last === undefined || last.missing.length === 0) return [];
  return [
    `The ${last.kind} of ${last.at} was interrupted. This deploy takes its place, and a rollback goes behind both.`,
  ];
}

/** Argo CD writes back what git says: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ */
function gitOpsWarning({ metadata }: Deployment): readonly string[] {
  if (!Object.hasOwn(metadata.annotations, 'argocd.argoproj.io/tracking-id')) return [];
  return [
    `${metadata.name} is kept by Argo CD, which may write back what its repository says. Use \`kfp-images gitops\` to change it there.`,
  ];
}

async function controllerTarget(
  kubectl: Kubectl,
  lock: LockFile,
  names: readonly string[],
  targets: readonly Target[],
  deployments: readonly Deployment[],
): Promise<Target | undefined> {
  const live = deployments.find(({ metadata }) => metadata.name === profileController);
  // Named images without visualization among them leave it alone.
  const isMeant =
    names.length === 0 || targets.some(({ deployment }) => deployment === 'ml-pipeline-visualizationserver');
  if (live === undefined || !isMeant) return undefined;
  const scripts = await Promise.all(scriptConfigMaps(live).map((name) => readConfigMap(kubectl, name)));
  return profileControllerTarget(lock, scripts.flat());
}

function expectedOf(targets: readonly Target[]): ReadonlyMap<string, Snapshot['containers']> {
  const expected = new Map<string, Snapshot['containers']>();
  for (const { deployment, container, image, env } of targets) {
    const values = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, { value }]));
    const own = { [container]: { ...(image === undefined ? {} : { image }), env: values } };
    expected.set(deployment, { ...expected.get(deployment), ...own });
  }
  return expected;
}
