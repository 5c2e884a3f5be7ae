import type { Promotion } from '../../src/publish/promotion/promote';
import type { MemoryOptions } from './memoryRegistry';
import { latestOf, makeModel, path, sets, type Promotions, type Run } from './promotionModel';
import { commitId } from './releaseSets';

/** Runs are numbered by their place; each is promoted when the test says so. */
export const world = (runs: readonly Run[], standing?: Run, options: MemoryOptions = {}): Promise<Promotions> =>
  makeModel({ runs, options, ...(standing === undefined ? {} : { standing }) });

export async function move(
  model: Promotions,
  index: number,
  registry = model.registry,
  override = false,
): Promise<Promotion> {
  const set = model.published[index];
  if (set === undefined) throw new Error('No such run');
  return model.promote(set, override, registry, new AbortController().signal);
}

export const whole = (commit: string, content = commit): Run => ({
  commit,
  images: { driver: content, launcher: content },
});
export const only = (image: string, commit: string, content = commit): Run => ({
  commit,
  images: { [image]: content },
});
export const kinds = (promotion: Promotion): readonly string[] =>
  promotion.states.map(({ pointer, kind }) => `${pointer.image ?? 'set'} ${kind}`);
export const announced = (model: Promotions): number =>
  [...model.storage.tags.keys()].filter((tag) => tag.includes(':candidate-')).length;
/** Whose image each `latest` names: the commit of the run, or of what stood before. */
export const standsAt = (model: Promotions): Readonly<Record<string, string | undefined>> => {
  const all = [...model.published, ...(model.standing === undefined ? [] : [model.standing])];
  const names = ['base', 'old', 'mid', 'new', 'side'];
  const nameOf = (commit: string | undefined): string | undefined => names.find((name) => commitId(name) === commit);
  const images = ['driver', 'launcher'].map((image) => {
    const digest = latestOf(model, `${path}/${image}`);
    return [image, nameOf(all.find(({ lock }) => lock.images[image]?.digest === digest)?.lock.commit)] as const;
  });
  const set = all.find(({ digest }) => digest === latestOf(model, sets));
  return { ...Object.fromEntries(images), set: nameOf(set?.lock.commit) };
};
