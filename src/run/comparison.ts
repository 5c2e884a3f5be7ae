import { catalogFiles } from '../catalog/load';
import { contentKeys, type BaseDigest, type KeyOptions } from '../plan/contentKey';
import { readTree, type GitTree } from '../git/gitTree';
import type { Since } from '../plan/plan';
import type { RegistryState } from '../publish/lookUp';
import { readSet, type StoredSet } from '../publish/setArtifact';
import { commitTag, setRepository } from '../publish/tags';
import { isObjectId, resolveCommit } from '../git/git';
import { tryGit } from '../git/gitCommand';
import type { CatalogImage, Registry } from '../types';
import { committedCatalog, type Source } from './source';

/** What a commit is compared for. */
export interface Compared {
  readonly source: Source;
  readonly images: readonly CatalogImage[];
  readonly platforms: readonly string[];
  readonly baseDigest: BaseDigest;
  readonly baseConfig: KeyOptions['baseConfig'];
  readonly ownImage: KeyOptions['ownImage'];
}

/** This far back a published set is looked for. */
const mostCommits = 500;

/** The keys at a revision that was named outright. Throws SourceError when it is not here. */
export async function compareWith(compared: Compared, rev: string): Promise<Since> {
  const label = isObjectId(rev) ? rev.slice(0, 12) : rev;
  return { label, keys: await keysAt(compared, await resolveCommit(compared.source.top, rev)) };
}

/**
 * The keys of the set that a build is explained against: that of `latest`, else the newest one of our history. It only explains, so
 * whatever stands in the way (no history here, a partial clone, a registry that lists no tags) gives undefined.
 */
export async function compareWithPublished(
  compared: Compared,
  state: RegistryState,
  registry: Registry,
  registryPath: string,
): Promise<Since | undefined> {
  try {
    const { source } = compared;
    const set = await publishedBefore(source, state, registry, setRepository(registryPath));
    if (set === undefined || set.lock.commit === source.commit) return undefined;
    const recorded = new Map(Object.entries(set.lock.images).map(([name, image]) => [name, image.key]));
    return { label: set.lock.commit.slice(0, 12), keys: await keysAt(compared, set.lock.commit), recorded };
  } catch {
    return undefined;
  }
}

async function publishedBefore(
  { top, commit }: Source,
  state: RegistryState,
  registry: Registry,
  sets: string,
): Promise<StoredSet | undefined> {
  if (typeof state.latestSet === 'object' && isObjectId(state.latestSet.lock.commit)) return state.latestSet;
  const [tags, history] = await Promise.all([
    registry.tags(sets),
    tryGit(top, ['rev-list', `--max-count=${mostCommits}`, `${commit}^@`]),
  ]);
  const published = new Set(tags);
  const found = history.stdout
    .toString('utf8')
    .split('\n')
    .find((id) => id !== '' && published.has(commitTag(id)));
  const set = found === undefined ? undefined : await readSet(registry, sets, commitTag(found));
  return typeof set === 'object' ? set : undefined;
}

async function keysAt(
  { source, images, platforms, baseDigest, baseConfig, ownImage }: Compared,
  commit: string,
): Promise<Since['keys']> {
  const tree = await readTree(source.top, commit);
  try {
    const then = await imagesAt(tree, source, images);
    return await contentKeys(then, tree, { platforms, baseDigest, baseConfig, ownImage, skipMissing: true });
  } finally {
    await tree.close();
  }
}

/** The images as the catalog of that commit has them, so that a change of the catalog is seen; where it can't tell, as they are now. */
async function imagesAt(
  tree: GitTree,
  { catalog }: Source,
  images: readonly CatalogImage[],
): Promise<readonly CatalogImage[]> {
  const isCommitted = catalog.source === undefined || catalogFiles.some((path) => path === catalog.source);
  if (!isCommitted) return images;
  try {
    const then = await committedCatalog(tree);
    return images.flatMap(({ name }) => then.images.get(name) ?? []);
  } catch {
    return images;
  }
}
