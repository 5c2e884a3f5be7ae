import { compiledImages, otherImages } from './compiledImages';
import type { Catalog } from '../types';
import type { Container, Deployment } from './objects';
import { isSameImage } from './reference';
import type { RunSettings } from './runSettings';
import type { StoredFailed, StoredRecurring, StoredRuns } from './storedRuns';

/** A recurring run that would start with other images than the apiserver gives to new runs. */
export interface RecurringRun extends Omit<StoredRecurring, 'compiled'> {
  /** What it names of others. */
  readonly images: readonly string[];
}

/** A failed run: a retry starts what it was compiled with. */
export interface FailedRun extends Omit<StoredFailed, 'compiled'> {
  readonly images: readonly string[];
}

/** What would still run with other images than the two variables of the apiserver name. */
export interface StaleRuns {
  /** Of the apiserver; '': there is none. */
  readonly deployment: string;
  /** Enabled ones first. */
  readonly recurring: readonly RecurringRun[];
  readonly failed: readonly FailedRun[];
  /** What COMPILED_PIPELINE_SPEC_PATCH puts in the place of both. */
  readonly patch: { readonly images: readonly string[]; readonly text: string } | undefined;
  readonly notes: readonly string[];
}

/** The Deployment whose image binds driver and launcher, and its container; undefined: none of the catalog is here. */
export function apiserverOf(
  catalog: Catalog,
  deployments: readonly Deployment[],
): { readonly live: Deployment; readonly container: Container } | undefined {
  for (const { bind, deploy } of catalog.images.values()) {
    if (deploy === undefined || !Object.hasOwn(bind, 'V2_DRIVER_IMAGE')) continue;
    const live = deployments.find(({ metadata }) => metadata.name === deploy.deployment);
    const container = live?.spec.template.spec.containers.find(({ name }) => name === deploy.container);
    if (live !== undefined && container !== undefined) return { live, container };
  }
  return undefined;
}

/** What would still run with other images than `settings` say, which are of the Deployment of this name. Pure. */
export function staleRuns(deployment: string, settings: RunSettings, stored: StoredRuns): StaleRuns {
  const { set } = settings;
  const recurring = stored.recurring
    .map((each) => recurringRun(each, otherImages(each.compiled, set)))
    .filter(({ images }) => images.length > 0);
  const failed = stored.failed.flatMap(({ compiled, ...run }): readonly FailedRun[] => {
    const images = otherImages(compiled, set);
    return images.length === 0 ? [] : [{ ...run, images }];
  });
  const enabledFirst = recurring.toSorted(
    (a, b) => Number(b.enabled) - Number(a.enabled) || (a.name < b.name ? -1 : 1),
  );
  return {
    deployment,
    recurring: enabledFirst,
    failed,
    patch: patchOf(settings),
    notes: [...settings.notes, ...(isAnyCompiled(stored) ? settings.unset : []), ...stored.notes],
  };
}

function isAnyCompiled({ recurring, failed }: StoredRuns): boolean {
  return [...recurring, ...failed].some(({ compiled }) => compiled.driver.length + compiled.launcher.length > 0);
}

/** A recurring run for people; `images`: what it names of others. */
export function recurringRun(run: StoredRecurring, images: readonly string[] = []): RecurringRun {
  const { namespace, name, id, enabled, pipeline, pipelineVersion } = run;
  return { namespace, name, id, enabled, pipeline, pipelineVersion, images };
}

function patchOf({ patch, set }: RunSettings): StaleRuns['patch'] {
  const named = compiledImages(patch);
  const isOfSet = (image: string): boolean => [...set.driver, ...set.launcher].some((own) => isSameImage(own, image));
  const images = [...named.driver, ...named.launcher].filter((image) => !isOfSet(image));
  // What it says elsewhere, in a podSpecPatch say, is text; that it names an image is worth a look.
  if (images.length === 0 && !/podSpecPatch[^]*image/.test(patch)) return undefined;
  return { images, text: patch.slice(0, 500) };
}
