import { contentKeys } from '../../plan/contentKey';
import { readTree } from '../../git/gitTree';
import { withBound } from '../../plan/graph';
import { makePlan } from '../../plan/plan';
import type { Catalog, Plan, Selection } from '../../types';

/**
 * What the commit to come will have built, before there is one: its `commit` is the id of the tree. No registry is asked, so
 * everything asked for is `build`; the workflow decides what is reused. SourceError: a Dockerfile is missing.
 */
export async function planOfTree(top: string, treeId: string, catalog: Catalog, selection: Selection): Promise<Plan> {
  const images = withBound(catalog, selection.images).flatMap((name) => catalog.images.get(name) ?? []);
  const tree = await readTree(top, treeId);
  try {
    // Where nothing can be reused, the digests of base images decide nothing.
    const keys = await contentKeys(images, tree, { platforms: ['linux/amd64'], baseDigest: () => 'not asked' });
    return makePlan({ commit: treeId, selection, catalog, keys, rebuild: 'changed' });
  } finally {
    await tree.close();
  }
}
