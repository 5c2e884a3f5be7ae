import { contentKeys } from '../../plan/contentKey';
import { readTree } from '../../git/gitTree';
import { withBound } from '../../plan/graph';
import { makePlan } from '../../plan/plan';
import { possibleOwnBases, type PossibleOwnBase } from '../../plan/ownBases';
import type { Catalog, Plan, Selection } from '../../types';

/** What the commit to come will have built, as far as this machine can tell. */
interface ComingPlan {
  /** Its `commit` is the id of the tree. */
  readonly plan: Plan;
  /** Only the workflow knows the registry path, and so what else it builds before. */
  readonly possibleOwnBases: readonly PossibleOwnBase[];
}

/**
 * What the commit to come will have built, before there is one. No registry is asked, so everything asked for is `build`; the workflow
 * decides what is reused. SourceError: a Dockerfile is missing.
 */
export async function planOfTree(
  top: string,
  treeId: string,
  catalog: Catalog,
  selection: Selection,
): Promise<ComingPlan> {
  const images = withBound(catalog, selection.images).flatMap((name) => catalog.images.get(name) ?? []);
  const tree = await readTree(top, treeId);
  try {
    // Where nothing can be reused, the digests of base images decide nothing.
    const keys = await contentKeys(images, tree, { platforms: ['linux/amd64'], baseDigest: () => 'not asked' });
    const plan = makePlan({ commit: treeId, selection, catalog, keys, rebuild: 'changed' });
    return { plan, possibleOwnBases: possibleOwnBases(catalog, keys) };
  } finally {
    await tree.close();
  }
}
