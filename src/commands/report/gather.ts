import { contentKeys } from '../../plan/contentKey';
import { changedInputs } from '../../plan/changes';
import { isObjectId } from '../../git/git';
import { tryGit } from '../../git/gitCommand';
import { readTree } from '../../git/gitTree';
import { readImageConfig, readManifest } from '../../oci/manifest';
import { commitTag, setRepository } from '../../publish/tags';
import { readSet } from '../../publish/setArtifact';
import type { Change, PastSet, ReportedImage, SetReport } from '../../report/set/setReport';
import { mapConcurrently } from '../../system/mapConcurrently';
import type { Catalog, ContentKey, LockFile, LockedImage, Log, Registry, Repository } from '../../types';

/** What a report is made of. */
export interface ReportQuestion {
  readonly lock: LockFile;
  readonly registry: Registry;
  readonly catalog: Catalog;
  /** A folder in the clone; it need not be one. */
  readonly folder: string;
  readonly repository: Repository | undefined;
  /** Digests that run, by image, and where; undefined: no cluster was asked. */
  readonly running: { readonly where: string; readonly digests: ReadonlyMap<string, readonly string[]> } | undefined;
  readonly log: Pick<Log, 'debug' | 'warning'>;
}

/** How many sets of the history are listed, and how far back they are looked for. */
const mostSets = 12;
const mostCommits = 5000;

/**
 * Everything that registry, git and cluster know of a set. Without a clone, or where it lacks a commit, there is less to report.
 * Throws RegistryError.
 */
export async function gatherReport(question: ReportQuestion): Promise<SetReport> {
  const { lock, registry, folder, repository, running } = question;
  const sets = setRepository(lock.registryPath);
  const history = await pastSets(folder, lock.commit, await registry.tags(sets));
  const before = history.find(({ commit }) => commit !== lock.commit);
  const found = before === undefined ? undefined : await readSet(registry, sets, commitTag(before.commit));
  const previous = typeof found === 'object' ? found.lock : undefined;
  const changed =
    previous === undefined ? new Map<string, readonly string[]>() : await inputsChanged(question, previous);
  const names = Object.keys(lock.images).sort((a, b) => order(question.catalog, a) - order(question.catalog, b));
  const images = await mapConcurrently(names, async (name): Promise<readonly ReportedImage[]> => {
    const image = lock.images[name];
    if (image === undefined) return [];
    const { size, binds } = await inRegistry(registry, lock, image, question.log);
    const digests = running?.digests.get(name);
    return [
      {
        name,
        repository: image.repository,
        digest: image.digest,
        size,
        seconds: image.seconds,
        change: changeOf(image, previous, name),
        changed: changed.get(name) ?? [],
        binds,
        runs: digests === undefined ? undefined : digests.includes(image.digest) ? 'yes' : 'no',
      },
    ];
  });
  return {
    registryPath: lock.registryPath,
    reference: `${sets}:${commitTag(lock.commit)}`,
    commit: lock.commit,
    link: commitLink(repository, lock.commit),
    about: history.find(({ commit }) => commit === lock.commit),
    previous: previous?.commit,
    images: images.flat(),
    removed: Object.keys(previous?.images ?? {}).filter((name) => lock.images[name] === undefined),
    history,
    cluster: running?.where,
  };
}

/** In the order of the catalog; what it does not have comes last. */
function order(catalog: Catalog, name: string): number {
  const index = [...catalog.images.keys()].indexOf(name);
  return index < 0 ? catalog.images.size : index;
}

function changeOf(image: LockedImage, previous: LockFile | undefined, name: string): Change {
  const before = previous?.images[name];
  if (previous === undefined) return 'first';
  if (before === undefined) return 'new';
  if (before.key !== image.key) return 'changed';
  return before.digest === image.digest ? 'same' : 'rebuilt';
}

/** The published sets of a commit's history, newest first; the commit itself is the first of them. */
async function pastSets(folder: string, commit: string, tags: readonly string[]): Promise<readonly PastSet[]> {
  const published = new Set([...tags, commitTag(commit)]);
  const asked = await tryGit(folder, [
    'log',
    `--max-count=${String(mostCommits)}`,
    '--format=%H%x00%ct%x00%s',
    '--end-of-options',
    commit,
  ]).catch(() => undefined);
  if (asked?.exitCode !== 0) return [];
  const sets = asked.stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line): readonly PastSet[] => {
      const [id = '', date = '', subject = ''] = line.split('\0');
      return isObjectId(id) && published.has(commitTag(id)) ? [{ commit: id, date: Number(date), subject }] : [];
    });
  return sets.slice(0, mostSets);
}

/** Which inputs of each image differ between two commits; empty where git lacks one of them. */
async function inputsChanged(
  { folder, lock, catalog, log }: ReportQuestion,
  previous: LockFile,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const images = [...catalog.images.values()].filter(({ name }) => lock.images[name] !== undefined);
  const keysAt = async (commit: string): Promise<ReadonlyMap<string, ContentKey>> => {
    const tree = await readTree(folder, commit);
    try {
      const options = { platforms: ['linux/amd64'], baseDigest: () => 'not asked', skipMissing: true };
      return await contentKeys(images, tree, options);
    } finally {
      await tree.close();
    }
  };
  try {
    const [before, after] = await Promise.all([keysAt(previous.commit), keysAt(lock.commit)]);
    return new Map(
      [...after].flatMap(([name, key]) => {
        const old = before.get(name);
        return old === undefined ? [] : [[name, changedInputs(old, key)] as const];
      }),
    );
  } catch (thrown) {
    log.debug(`What changed can't be determined: ${String(thrown)}`);
    return new Map();
  }
}

/** The size of an image's layers, and which images of the set its environment names by digest. */
async function inRegistry(
  registry: Registry,
  lock: LockFile,
  { repository, digest }: LockedImage,
  log: Pick<Log, 'warning'>,
): Promise<{ readonly size: number | undefined; readonly binds: readonly string[] }> {
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) {
    log.warning(
      `The registry has no ${repository}@${digest}: it was deleted, and nobody can pull it. Run the build of commit ${lock.commit} again.`,
    );
    return { size: undefined, binds: [] };
  }
  const config = await readImageConfig(registry, repository, manifest);
  const values = new Set(Object.values(config?.env ?? {}));
  const binds = Object.entries(lock.images).flatMap(([name, image]) =>
    values.has(`${image.repository}@${image.digest}`) ? [name] : [],
  );
  const content = readManifest(manifest.bytes);
  const children = content?.children.filter(({ kind }) => kind === 'image') ?? [];
  const inner = await Promise.all(children.map((child) => registry.manifest(repository, child.digest)));
  const layers = [content, ...inner.map((each) => (each === undefined ? undefined : readManifest(each.bytes)))].flatMap(
    (each) => each?.layers ?? [],
  );
  return { size: layers.reduce((sum, layer) => sum + layer.size, 0), binds };
}

/** Only what is surely the page of a commit. */
function commitLink(repository: Repository | undefined, commit: string): string | undefined {
  if (repository === undefined) return undefined;
  const { serverUrl, owner, name } = repository;
  const plain = /^https?:\/\/[\w.:-]+$/.test(serverUrl) && /^[\w.-]+$/.test(owner) && /^[\w.-]+$/.test(name);
  return plain ? `${serverUrl}/${owner}/${name}/commit/${commit}` : undefined;
}
