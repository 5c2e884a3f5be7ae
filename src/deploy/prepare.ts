import { DeployError } from '../errors';
import type { Catalog, LockFile } from '../types';
import type { Awaited } from './awaited';
import { changesTo, type ChangeSet } from './changes';
import { readConfigMap, readDeployments, readWorkload, requirePermissions } from './cluster';
import { isCustomResource, keyOf, kubectlNames, type Live } from './customResource';
import { deployStamp, latestOperation } from './history';
import { livesOf, readInstallation, type Installation } from './installation';
import type { Kubectl, Place } from './kubectl';
import { isOpen, neverReady } from './neverReady';
import type { Deployment } from './objects';
import { ownerWords } from './owners';
import { placesOf } from './places';
import { profileController, profileControllerTarget, scriptConfigMaps } from './profileController';
import { checkPullAccess } from './pullAccess';
import { setId } from './release';
import { refuseUnread, requireTexts, resourceTargets, runAccountsOf, tryOut } from './resourceTargets';
import { pausedWhy } from './rolloutStatus';
import type { Snapshot } from './snapshot';
import { targetsOf, type Target } from './targets';

/** What is to be deployed. */
interface DeployRequest {
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
  readonly namespace: string;
  readonly changeSet: ChangeSet;
  /** The changes as they are to be made now: what had not become ready when they were decided may have meanwhile. */
  readonly latest: () => Promise<ChangeSet>;
  readonly expected: ReadonlyMap<string, Snapshot['containers']>;
  /** Of those what operators make from custom resources. */
  readonly awaited: ReadonlyMap<string, Awaited>;
  readonly installation: Installation;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads the cluster and decides; changes nothing. Throws UsageError or DeployError when the set may not go there. */
export async function prepareDeploy(kubectl: Kubectl, place: Place, request: DeployRequest): Promise<Prepared> {
  const { catalog, lock, names, fresh } = request;
  const installation = await readInstallation(kubectl, catalog);
  const { deployments } = installation;
  requireKfp(catalog, installation, place.namespace);
  const { targets, notes } = targetsOf(catalog, lock, names, placesOf(catalog, installation), place.namespace);
  const controller = await controllerTarget(kubectl, lock, names, targets, deployments);
  const all = controller === undefined ? targets : [...targets, controller];
  if (all.length === 0) {
    throw new DeployError(
      `Nothing of the set of commit ${lock.commit} runs in the namespace ${place.namespace}.\n${notes.join('\n')}`,
    );
  }
  const direct = all.filter(({ written }) => written === undefined);
  const resources = resourceTargets(all);
  for (const each of resources) requireTexts(each);
  const among = (some: readonly Target[]): readonly Deployment[] =>
    deployments.filter(({ metadata }) => some.some(({ deployment }) => deployment === metadata.name));
  const touched = among(direct);
  refuseUnread(touched, installation);
  await requirePermissions(kubectl, [
    ['list', 'pods'],
    ...[...touched, ...resources.map(({ resource }) => resource)].map(
      (live) => ['patch', kubectlNames(live).join('/')] as const,
    ),
  ]);
  const access = await checkPullAccess(kubectl, {
    host: lock.registryPath.split('/')[0] ?? '',
    repositories: Object.values(lock.images).map(({ repository }) => repository),
    isPrivate: request.isPrivate,
    pullSecret: request.pullSecret,
    namespace: place.namespace,
    deployments: touched,
    written: among(all.filter(({ written }) => written !== undefined)),
    runAccounts: runAccountsOf(installation),
  });
  const set = { commit: lock.commit, id: setId(lock) };
  const lives = livesOf(installation);
  const changes = (isUnready: boolean): ChangeSet => {
    const stamp = deployStamp(lives, names.length === 0, fresh, isUnready);
    return changesTo(direct, deployments, set, access.toName, stamp, resources);
  };
  const plain = changes(false);
  const unready = plain.changes.length === 0 ? [] : await unreadyOf(kubectl, catalog, installation);
  const changeSet = unready.length === 0 ? plain : changes(true);
  const changed = new Set(changeSet.changes.map(({ live }) => keyOf(live)));
  const isChanged = ({ deployment, written }: Target): boolean =>
    changed.has(written === undefined ? deployment : keyOf(written.by));
  requireUnpaused(deployments, new Set(all.filter(isChanged).map(({ deployment }) => deployment)));
  // What the definition of a custom resource does not know, and what a webhook refuses, is better known before anything is changed.
  for (const change of changeSet.changes) if (isCustomResource(change.live)) await tryOut(kubectl, change);
  const expected = expectedOf(all);
  const owners = ownerWords([...touched, ...resources.map(({ resource }) => resource)]);
  return {
    namespace: place.namespace,
    changeSet,
    latest: async () =>
      unready.length > 0 && (await unreadyOf(kubectl, catalog, installation)).length === 0 ? plain : changeSet,
    expected,
    awaited: awaitedFrom(all, expected),
    installation,
    notes: [...notes, ...replacedNote(lives, unready), ...owners.notes],
    warnings: [...access.warnings, ...owners.warnings],
  };
}

/** Throws DeployError when the namespace has no Deployment of the catalog. */
export function requireKfp(catalog: Catalog, installation: Installation, namespace: string): void {
  if (placesOf(catalog, installation).size > 0) return;
  const known = new Set([...catalog.images.values()].flatMap(({ deploy }) => deploy?.deployment ?? []));
  const unread = installation.unread.map(({ kind, group }) => `${kind} (${group})`);
  const hidden = unread.length === 0 ? '' : ` The user of this context may not read ${unread.join(', ')}.`;
  throw new DeployError(
    `The namespace ${namespace} of this cluster has no Kubeflow Pipelines: none of ${[...known].join(', ')} is there.${hidden} ` +
      'Look with `kubectl get deployments --all-namespaces`, then give --namespace, or another --context.',
  );
}

/** Names of the Deployments that never became ready with what was put there last; none where that was interrupted before it was all there. */
async function unreadyOf(kubectl: Kubectl, catalog: Catalog, installation: Installation): Promise<readonly string[]> {
  const last = latestOperation(livesOf(installation));
  if (last === undefined || last.missing.length > 0 || !installation.deployments.some(isOpen)) return [];
  // In this order: a ReplicaSet that is made between the two is of a Deployment that says so.
  const { replicaSets } = await readWorkload(kubectl);
  const now = { ...installation, deployments: await readDeployments(kubectl) };
  const newest = latestOperation(livesOf(now));
  return newest?.id === last.id ? neverReady(catalog, now, replicaSets, newest) : [];
}

function replacedNote(lives: readonly Live[], unready: readonly string[]): readonly string[] {
  const last = latestOperation(lives);
  if (last === undefined || (last.missing.length === 0 && unready.length === 0)) return [];
  const what = last.missing.length > 0 ? 'was interrupted' : `never became ready (${unready.join(', ')})`;
  return [`The ${last.kind} of ${last.at} ${what}. This deploy takes its place, and a rollback goes behind both.`];
}

/** A paused Deployment takes every change and rolls none out: refused before anything is changed. Throws DeployError. */
export function requireUnpaused(deployments: readonly Deployment[], changed: ReadonlySet<string>): void {
  const paused = deployments.filter(({ metadata, spec }) => spec.paused && changed.has(metadata.name));
  if (paused.length === 0) return;
  const why = paused.map(({ metadata }) => `${metadata.name}: ${pausedWhy(metadata.name)}`);
  throw new DeployError(`${why.join('.\n')}. Nothing was changed.`);
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

function awaitedFrom(targets: readonly Target[], expected: Prepared['expected']): Prepared['awaited'] {
  const entries = targets.flatMap(({ deployment, written }): (readonly [string, Awaited])[] =>
    written === undefined
      ? []
      : [[deployment, { writer: written.by, containers: expected.get(deployment) ?? {}, gone: {} }]],
  );
  return new Map(entries);
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
