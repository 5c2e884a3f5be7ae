import * as v from 'valibot';
import type { Catalog, Operator } from '../types';
import { readDeployment, readDeployments } from './cluster';
import { isCustomResource, kubectlNames, type CustomResource, type Live } from './customResource';
import { ask, isForbidden, isNotFound, refusal, type Answer, type Kubectl } from './kubectl';
import { kinds, readObject, type Deployment } from './objects';

/** What of Kubeflow Pipelines a namespace has. */
export interface Installation {
  readonly deployments: readonly Deployment[];
  /** Those that the catalog knows as places of images. */
  readonly resources: readonly CustomResource[];
  /** Operators whose custom resources this user may not read. */
  readonly unread: readonly Operator[];
}

/** Reads the Deployments of the namespace, and the custom resources of the operators that the catalog knows. */
export async function readInstallation(
  kubectl: Kubectl,
  catalog: Catalog,
  signal?: AbortSignal,
): Promise<Installation> {
  const operators = [...(catalog.operators?.values() ?? [])];
  const [deployments, found] = await Promise.all([
    readDeployments(kubectl, signal),
    Promise.all(operators.map((operator) => readResources(kubectl, operator, signal))),
  ]);
  return {
    deployments,
    resources: found.flatMap((each) => each ?? []),
    unread: operators.filter((_, index) => found[index] === undefined),
  };
}

/** All that a deploy may have changed. */
export function livesOf({ deployments, resources }: Installation): readonly Live[] {
  return [...deployments, ...resources];
}

/** A Deployment or custom resource as it is now. DeployError when it is gone. */
export async function readAgain(kubectl: Kubectl, live: Live): Promise<Live> {
  if (!isCustomResource(live)) return readDeployment(kubectl, live.metadata.name);
  const what = kubectlNames(live).join('/');
  const args = ['get', what, '--output=json', '--show-managed-fields'];
  return resourceOf(live, readObject(kinds.custom, await ask(kubectl, `read ${what}`, { args }), what));
}

/** What a patch made of a custom resource, from kubectl's JSON. */
export function patchedResource(live: CustomResource, text: string): CustomResource {
  return resourceOf(live, readObject(kinds.custom, text, kubectlNames(live).join('/')));
}

/**
 * The custom resources of an operator; none where the API server does not know the kind, undefined where they may not be read. The API
 * group is asked for its versions and names first (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api): for a
 * kind that is not there kubectl itself would look through all groups.
 */
async function readResources(
  kubectl: Kubectl,
  operator: Operator,
  signal?: AbortSignal,
): Promise<readonly CustomResource[] | undefined> {
  const call = (args: readonly string[]): Promise<Answer> =>
    kubectl({ args, ...(signal === undefined ? {} : { signal }) });
  const { group, kind } = operator;
  const versions = await call(['get', '--raw', `/apis/${group}`]);
  if (isNotFound(versions)) return [];
  if (isRefused(`read the API group ${group}`, versions)) return undefined;
  const version =
    operator.version ?? readObject(groupSchema, versions.stdout, `API group ${group}`).preferredVersion.version;
  const names = await call(['get', '--raw', `/apis/${group}/${version}`]);
  if (isNotFound(names)) return [];
  if (isRefused(`read the API ${group}/${version}`, names)) return undefined;
  const { resources } = readObject(resourcesSchema, names.stdout, `API ${group}/${version}`);
  const plural = resources.find((each) => each.kind === kind && !each.name.includes('/'))?.name;
  if (plural === undefined) return [];
  const type = `${plural}.${version}.${group}`;
  const all = await call(['get', type, '--output=json', '--show-managed-fields']);
  if (isRefused(`read the ${plural}`, all)) return undefined;
  return readObject(kinds.customs, all.stdout, plural)
    .items.map((item) => resourceOf({ operator, type }, item))
    .filter(({ metadata }) => operator.resource === undefined || metadata.name === operator.resource);
}

/** May the user not see this? Throws for any other failure. */
function isRefused(purpose: string, answer: Answer): boolean {
  if (answer.exitCode === 0) return false;
  if (isForbidden(answer)) return true;
  throw refusal(purpose, answer);
}

function resourceOf(
  { operator, type }: Pick<CustomResource, 'operator' | 'type'>,
  item: v.InferOutput<typeof kinds.custom>,
): CustomResource {
  const { metadata, status, ...rest } = item;
  const parsed = v.safeParse(conditionsSchema, status);
  return {
    operator,
    type,
    metadata,
    content: rest,
    conditions: parsed.success ? parsed.output.conditions : [],
  };
}

const groupSchema = v.object({ preferredVersion: v.object({ version: v.string() }) });
const resourcesSchema = v.object({ resources: v.array(v.object({ name: v.string(), kind: v.string() })) });
const conditionsSchema = v.object({ conditions: v.array(kinds.condition) });
