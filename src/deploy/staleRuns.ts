import { compiledImages, otherImages, type RunImages } from './compiledImages';
import type { Catalog } from '../types';
import type { Deployment, EnvVariable } from './objects';
import type { ScheduledWorkflow, StoredRuns } from './storedRuns';

/** A recurring run that would start with other images than the apiserver gives to new runs. */
export interface RecurringRun {
  readonly namespace: string;
  readonly name: string;
  /** As KFP's own commands take it. */
  readonly id: string;
  readonly enabled: boolean;
  readonly pipeline: string;
  readonly pipelineVersion: string;
  /** What it names of others. */
  readonly images: readonly string[];
}

/** A failed run: a retry starts what it was compiled with. */
export interface FailedRun {
  readonly namespace: string;
  readonly name: string;
  readonly id: string;
  readonly images: readonly string[];
}

/** What would still run with other images than the two variables of the apiserver name. */
export interface StaleRuns {
  /** Enabled ones first. */
  readonly recurring: readonly RecurringRun[];
  readonly failed: readonly FailedRun[];
  /** What COMPILED_PIPELINE_SPEC_PATCH puts in the place of both, and of which Deployment. */
  readonly patch:
    { readonly deployment: string; readonly images: readonly string[]; readonly text: string } | undefined;
  readonly notes: readonly string[];
}

/** The variables of the apiserver that name both, and the one that overrides them from KFP 2.15.0 on. */
const [driverVariable, launcherVariable, patchVariable] = [
  'V2_DRIVER_IMAGE',
  'V2_LAUNCHER_IMAGE',
  'COMPILED_PIPELINE_SPEC_PATCH',
];

/** The Deployment whose image binds driver and launcher, and its container's variables; undefined: none of the catalog is here. */
export function apiserverOf(
  catalog: Catalog,
  deployments: readonly Deployment[],
): { readonly live: Deployment; readonly container: string; readonly env: readonly EnvVariable[] } | undefined {
  for (const { bind, deploy } of catalog.images.values()) {
    if (deploy === undefined || !Object.hasOwn(bind, driverVariable)) continue;
    const live = deployments.find(({ metadata }) => metadata.name === deploy.deployment);
    const container = live?.spec.template.spec.containers.find(({ name }) => name === deploy.container);
    if (live !== undefined && container !== undefined) return { live, container: container.name, env: container.env };
  }
  return undefined;
}

/**
 * What would still run with other images. Pure. Where the apiserver gives an image by a reference, or none by name, it is not known, and
 * nothing is said of runs that name another one.
 */
export function staleRuns(catalog: Catalog, deployments: readonly Deployment[], stored: StoredRuns): StaleRuns {
  const apiserver = apiserverOf(catalog, deployments);
  if (apiserver === undefined) return { recurring: [], failed: [], patch: undefined, notes: stored.notes };
  const { live, env } = apiserver;
  const set: RunImages = { driver: valueOf(env, driverVariable), launcher: valueOf(env, launcherVariable) };
  const recurring = stored.recurring
    .map((each) => recurringRun(each, otherImages(compiledImages(each.spec.workflow?.spec), set)))
    .filter(({ images }) => images.length > 0);
  const failed = stored.failed.flatMap((run): readonly FailedRun[] => {
    const { namespace, name, labels } = run.metadata;
    const images = otherImages(compiledImages(run), set);
    return images.length === 0 ? [] : [{ namespace, name, id: labels['pipeline/runid'] ?? '', images }];
  });
  const enabledFirst = recurring.toSorted(
    (a, b) => Number(b.enabled) - Number(a.enabled) || (a.name < b.name ? -1 : 1),
  );
  return { recurring: enabledFirst, failed, patch: patchOf(live, env, set), notes: stored.notes };
}

/** A recurring run for people; `images`: what it names of others. */
export function recurringRun({ metadata, spec }: ScheduledWorkflow, images: readonly string[] = []): RecurringRun {
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    id: metadata.uid,
    enabled: spec.enabled,
    pipeline: spec.pipelineName === '' ? spec.pipelineId : spec.pipelineName,
    pipelineVersion: spec.pipelineVersionId,
    images,
  };
}

function patchOf(live: Deployment, env: readonly EnvVariable[], set: RunImages): StaleRuns['patch'] {
  const [text] = valueOf(env, patchVariable);
  if (text === undefined) return undefined;
  const images = otherImages(compiledImages(text), set);
  // What it says elsewhere, in a podSpecPatch say, is text; that it names an image is worth a look.
  if (images.length === 0 && !/podSpecPatch[^]*image/.test(text)) return undefined;
  return { deployment: live.metadata.name, images, text: text.slice(0, 500) };
}

function valueOf(env: readonly EnvVariable[], name: string): readonly string[] {
  const value = env.findLast((each) => each.name === name)?.value ?? '';
  return value === '' ? [] : [value];
}
