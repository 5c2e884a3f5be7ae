import { SourceError } from '../errors';
import type { Catalog, CatalogImage, ContentKey, Plan, PlannedImage, Selection } from '../types';
import { changedInputs } from './changes';
import { neededBy, waves, withBound } from './graph';
import { keyedBases } from './keyLines';

/** A commit that is compared with: the last release set's, or the one that `--since` names. */
export interface Since {
  /** How people call it: `main`, `1a2b3c4`. */
  readonly label: string;
  /** Keys of the images that it has, made with the same digests of base images as those of the plan. */
  readonly keys: ReadonlyMap<string, ContentKey>;
  /** Keys in its lock file: they hold the base images of then, `keys` those of now. */
  readonly recorded?: ReadonlyMap<string, string>;
}

export interface PlanQuestion {
  /** 40 hex digits. */
  readonly commit: string;
  readonly selection: Selection;
  readonly catalog: Catalog;
  readonly keys: ReadonlyMap<string, ContentKey>;
  /** What the registry says of each key (`in-parts`: it has each platform, not the whole); undefined: there is none to ask. */
  readonly registry?: ReadonlyMap<string, 'present' | 'in-parts' | 'absent' | 'unknown'>;
  readonly since?: Since;
  /** Image → its key in the set that is published for this very commit. */
  readonly published?: ReadonlyMap<string, string>;
  readonly rebuild: 'changed' | 'all';
  /** With `rebuild: 'all'`: does `registry` list what other jobs of this rebuild have built, not of what was there? */
  readonly isMarked?: boolean;
}

/** Paths that a reason lists; `changed` has more. */
const shown = 3;
/** Changed inputs that a plan keeps: it is passed on as an output of a job. The reason says how many there are. */
const kept = 500;

/**
 * Decides what is built and what is reused, and says why. Pure. Images that others bind are in the plan as well.
 * SourceError: an image of the plan has no content key.
 */
export function makePlan(question: PlanQuestion): Plan {
  const { catalog, selection } = question;
  const names = withBound(catalog, selection.images);
  const requested = new Set(selection.images);
  const images = names.map((name): PlannedImage => {
    const image = catalog.images.get(name);
    const key = question.keys.get(name);
    if (image === undefined || key === undefined) throw new SourceError(`The image "${name}" has no content key.`);
    const users = neededBy(catalog, names, name);
    const binds = users.every((user) => catalog.images.get(user)?.builtOn?.includes(name) !== true);
    const why = requested.has(name) ? 'requested' : `${binds ? 'bound' : 'needed'} by ${list(users)}`;
    const decision = decide(question, name, key, why);
    return { ...plannedImage(image, key, requested.has(name), users, decision), key: decision.key ?? key.key };
  });
  return {
    version: 1,
    commit: question.commit,
    keywords: selection.keywords,
    images,
    order: waves(catalog, names),
    warnings: selection.warnings,
  };
}

interface Decision {
  /** Where an image of another key is taken than the one of now. */
  readonly key?: string;
  readonly action: 'build' | 'reuse';
  readonly reason: string;
  readonly changed: readonly string[];
}

function decide(question: PlanQuestion, name: string, key: ContentKey, why: string): Decision {
  const { since, registry } = question;
  const difference = since === undefined ? undefined : compare(since, name, key);
  const changed = difference?.changed ?? [];
  const build = (reason: string): Decision => ({ action: 'build', reason, changed });
  if (question.rebuild === 'all') {
    const isRebuilt = question.isMarked === true && ['present', 'in-parts'].includes(registry?.get(name) ?? '');
    const reason = 'a shard of this rebuild has built it';
    return isRebuilt ? { action: 'reuse', reason, changed } : build('everything is rebuilt, as asked');
  }
  const published = question.published?.get(name);
  if (published !== undefined && published !== key.key) {
    return {
      action: 'reuse',
      key: published,
      reason: `published for this commit already, whatever has changed since, such as base images or a catalog outside of the commit; rebuild: all rebuilds it and replaces it`,
      changed: [],
    };
  }
  if (registry === undefined) {
    if (difference === undefined) return build(why);
    return difference.same ? { action: 'reuse', reason: difference.text, changed } : build(difference.text);
  }
  if (key.unresolvedBases.length > 0) {
    return build(`base image ${list(key.unresolvedBases)} could not be looked up, so it may have changed`);
  }
  const found = registry.get(name) ?? 'unknown';
  if (found === 'present') {
    const reason = difference?.same === true ? difference.text : 'the registry has an image of the same content';
    return { action: 'reuse', reason, changed };
  }
  if (found === 'in-parts') {
    return { action: 'reuse', reason: 'the registry has it for each of its platforms', changed };
  }
  if (found === 'unknown') return build('the registry could not say whether it has it');
  if (difference === undefined || difference.same) return build('the registry has no image of this content');
  return build(difference.text);
}

interface Difference {
  readonly same: boolean;
  readonly text: string;
  readonly changed: readonly string[];
}

function compare(since: Since, name: string, key: ContentKey): Difference {
  const before = since.keys.get(name);
  if (before === undefined) return { same: false, text: `${since.label} does not have it`, changed: [] };
  const changed = changedInputs(before, key);
  if (changed.length > 0) return { same: false, text: `${summary(changed)} changed since ${since.label}`, changed };
  const recorded = since.recorded?.get(name);
  if (recorded === undefined || recorded === key.key) {
    return { same: true, text: `nothing it is made from changed since ${since.label}`, changed: [] };
  }
  // Nothing in git differs, so what differs is what the names of base images stood for then.
  const moved = floatingBases(key);
  return {
    same: false,
    text:
      moved.length === 0
        ? `content keys are made in another way than for ${since.label}`
        : `${moved.length === 1 ? 'base image' : 'at least one of the base images'} ${list(moved)} moved since ${since.label}`,
    changed: moved.map((base) => `base image ${base}`),
  };
}

/** Base images without a digest in the Dockerfile. */
function floatingBases(key: ContentKey): readonly string[] {
  return keyedBases(key).flatMap(({ reference, digest, isOwn }) => (digest === 'pinned' || isOwn ? [] : [reference]));
}

/** `a, b, c and 4 more` */
function summary(changed: readonly string[]): string {
  const first = changed.slice(0, shown).join(', ');
  return changed.length > shown ? `${first} and ${changed.length - shown} more` : first;
}

/** `a`, `a and b`, `a, b and c` */
function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function plannedImage(
  image: CatalogImage,
  key: ContentKey,
  requested: boolean,
  users: readonly string[],
  { action, reason, changed }: Decision,
): PlannedImage {
  return {
    name: image.name,
    requested,
    neededBy: users,
    key: key.key,
    action,
    reason,
    changed: changed.slice(0, kept),
    binds: image.bind,
    ...(image.builtOn === undefined ? {} : { builtOn: image.builtOn }),
    dockerfile: image.dockerfile,
    notes: key.notes,
  };
}
