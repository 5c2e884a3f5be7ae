import { contentKeys } from '../plan/contentKey';
import { withBound } from '../plan/graph';
import { makePlan, type Since } from '../plan/plan';
import { lookUp, type RegistryState, type SoughtImage } from '../publish/lookUp';
import type { ContentKey, Inputs, Plan, Registry, Selection } from '../types';
import type { BaseImages } from './baseImages';
import { compareWith, compareWithPublished, type Compared } from './comparison';
import type { Source } from './source';

/** What was decided, and all it was decided from. */
export interface Decision {
  readonly plan: Plan;
  readonly keys: ReadonlyMap<string, ContentKey>;
  /** Where the images of the plan are looked for; empty without a registry. */
  readonly sought: readonly SoughtImage[];
  /** undefined: no registry was asked. */
  readonly state: RegistryState | undefined;
}

/** Where images go, and who can say what is there. */
export interface Target {
  readonly registryPath: string;
  readonly registry: Registry;
}

/** What a decision is made of. */
export interface Question {
  readonly source: Source;
  readonly selection: Selection;
  readonly inputs: Pick<Inputs, 'platforms' | 'rebuild'>;
  /** undefined: no registry to ask. */
  readonly target: Target | undefined;
  /** Compare with this revision instead of asking the registry. */
  readonly since?: string | undefined;
  readonly bases: Pick<BaseImages, 'digest'>;
}

/**
 * Which images are built, which are reused, and why. Reads git and, with a target, the registry in one parallel round; changes nothing.
 * Throws SourceError (a Dockerfile is missing, a revision is not here) and RegistryError (unreachable, no login, no such repository).
 */
export async function decide(question: Question): Promise<Decision> {
  const { source, selection, inputs, target, bases } = question;
  const { catalog } = source;
  const images = withBound(catalog, selection.images).flatMap((name) => catalog.images.get(name) ?? []);
  const { platforms } = inputs;
  const baseDigest = (reference: string): Promise<string | undefined> => bases.digest(reference);
  const keys = await contentKeys(images, source.tree, { platforms, baseDigest });

  const sought = images.flatMap(({ name, repository }): SoughtImage[] => {
    const key = keys.get(name)?.key;
    return key === undefined || target === undefined
      ? []
      : [{ name, repository: `${target.registryPath}/${repository}`, key }];
  });
  const state =
    target === undefined ? undefined : await lookUp(target.registry, target.registryPath, sought, source.commit);
  const since = await comparison(question, { source, images, platforms, baseDigest }, sought, state);
  const plan = makePlan({
    commit: source.commit,
    selection,
    catalog,
    keys,
    rebuild: inputs.rebuild,
    ...(state === undefined ? {} : { registry: presence(sought, state) }),
    ...(since === undefined ? {} : { since }),
  });
  return { plan, keys, sought, state };
}

/** What a plan is explained against. With a registry it is only worth the look when something is to be built. */
async function comparison(
  { since, target, inputs }: Question,
  compared: Compared,
  sought: readonly SoughtImage[],
  state: RegistryState | undefined,
): Promise<Since | undefined> {
  if (since !== undefined) return compareWith(compared, since);
  if (target === undefined || state === undefined || inputs.rebuild === 'all') return undefined;
  if (sought.every(({ name }) => state.keyed.has(name))) return undefined;
  return compareWithPublished(compared, state, target.registry, target.registryPath);
}

function presence(sought: readonly SoughtImage[], state: RegistryState): ReadonlyMap<string, 'present' | 'absent'> {
  return new Map(sought.map(({ name }) => [name, state.keyed.has(name) ? 'present' : 'absent']));
}
