import { relationOf } from '../../src/publish/ancestry';
import { parseLockFile } from '../../src/publish/lockFile';
import { readManifest } from '../../src/oci/manifest';
import type { LockFile } from '../../src/types';
import { liesOf } from '../support/publicationTruth';
import { commitId, history } from '../support/releaseSets';
import type { Played } from './client';
import { parents } from './scenario';
import type { Storage } from './storage';

/** Repository (last part) → what its `latest` names. */
export type Latest = ReadonlyMap<string, string | undefined>;

/** What each commit's run publishes, by an undisturbed registry: repository → digest. */
export type Releases = ReadonlyMap<string, ReadonlyMap<string, string>>;

const isAncestor = history(parents);
const setName = 'kfp-images-set';

/** I1: every tag names something whole; a set's tag only images that are whole, of one commit, bound to each other. */
export async function wholeness(storage: Storage): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [repository, tags] of storage.tags) {
    for (const [tag, digest] of tags) {
      if (tag.startsWith('key-')) continue;
      const found = await storage.problems(repository, digest);
      problems.push(...found.map((problem) => `I1: ${repository}:${tag}: ${problem}`));
      if (repository !== setName || found.length > 0 || /^(candidate|keep)-/.test(tag)) continue;
      problems.push(...(await setProblems(storage, tag, digest)));
    }
  }
  return problems;
}

/** The lock file of a set by its digest, as it is stored; undefined: there is none. */
export async function storedLock(storage: Storage, digest: string): Promise<LockFile | undefined> {
  const manifest = await storage.blob(digest);
  const layer = manifest && readManifest(manifest)?.layers[0];
  const text = layer && (await storage.blob(layer.digest));
  return text && parseLockFile(text.toString('utf8'), `${setName}@${digest}`);
}

async function setProblems(storage: Storage, tag: string, digest: string): Promise<readonly string[]> {
  const problems: string[] = [];
  const lock = await storedLock(storage, digest);
  if (lock === undefined) return [`I1: ${setName}:${tag} has no lock file`];
  for (const [name, image] of Object.entries(lock.images)) {
    problems.push(
      ...(await storage.problems(name, image.digest)).map((problem) => `I1: ${setName}:${tag}: ${problem}`),
    );
    if (storage.tags.get(name)?.get(`commit-${lock.commit}`) !== image.digest) {
      problems.push(`I1: ${setName}:${tag} is of ${lock.commit}, whose ${name} is another`);
    }
  }
  const config = await configOf(storage, lock.images['apiserver']?.digest);
  const driver = lock.images['driver']?.digest;
  if (config !== undefined && driver !== undefined && !isBoundTo(config, driver)) {
    problems.push(`I1: ${setName}:${tag} holds an apiserver that is bound to another driver`);
  }
  return problems;
}

/** As the tiny releases say it (DRIVER), and as real ones do (V2_DRIVER_IMAGE). */
const isBoundTo = (config: string, driver: string): boolean =>
  config.includes(`DRIVER=${driver}`) || new RegExp(`V2_DRIVER_IMAGE=[^"]*/driver@${driver}"`).test(config);

async function configOf(storage: Storage, digest: string | undefined): Promise<string | undefined> {
  const manifest = digest === undefined ? undefined : await storage.blob(digest);
  const config = manifest && readManifest(manifest)?.config;
  return config && (await storage.blob(config.digest))?.toString('utf8');
}

export function latestOf(storage: Storage): Latest {
  return new Map([...storage.tags].map(([repository, tags]) => [repository, tags.get('latest')]));
}

/** The commits whose release has this digest there. */
const commitsAt = (releases: Releases, repository: string, digest: string | undefined): readonly string[] =>
  [...releases].flatMap(([commit, images]) =>
    digest !== undefined && images.get(repository) === digest ? [commit] : [],
  );

/** I2: no `latest` names what is only at an ancestor of where it stood. */
export async function forwardness(before: Latest, after: Latest, releases: Releases): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [repository, stood] of before) {
    const stands = after.get(repository);
    if (stood === undefined || stands === stood) continue;
    const from = commitsAt(releases, repository, stood);
    const to = commitsAt(releases, repository, stands);
    const isForward = await some(to, async (one) =>
      some(from, async (two) => (await relationOf(isAncestor, commitId(two), commitId(one))) === 'older'),
    );
    if (!isForward)
      problems.push(`I2: ${repository}:latest was at ${from.join('/')} and is at ${to.join('/') || 'nothing'}`);
  }
  return problems;
}

/** Where every `latest` has to be when the runs of these commits (on one line) succeeded, and nobody else did. */
export function expectedLatest(before: Latest, succeeded: readonly string[], releases: Releases): Latest {
  const line = ['base', 'old', 'new', 'side'];
  const want = new Map(before);
  for (const commit of [...succeeded].sort((a, b) => line.indexOf(a) - line.indexOf(b))) {
    for (const [repository, digest] of releases.get(commit) ?? []) want.set(repository, digest);
  }
  return want;
}

/** What a run told, against what the registry holds. */
export function truth(played: Played, storage: Storage, isAlone: boolean): readonly string[] {
  if (played.kind === 'not-built') return [];
  const holds = (repository: string, tag: string): string | undefined =>
    storage.tags.get(repository.slice(repository.lastIndexOf('/') + 1))?.get(tag);
  return liesOf(played, holds, isAlone).map((lie) => `Truth: ${lie}`);
}

async function some<Item>(items: readonly Item[], test: (item: Item) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await test(item)) return true;
  return false;
}
