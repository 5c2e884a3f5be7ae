import fc from 'fast-check';
import { expect } from 'vitest';
import { openAttachments } from '../../../src/oci/attachments';
import { decidePrune, type PrunePlan } from '../../../src/publish/prune/decide';
import { executePrune } from '../../../src/publish/prune/execute';
import { takeInventory } from '../../../src/publish/prune/inventory';
import { nothingInUse, type PruneRules } from '../../../src/publish/prune/rules';
import { publish } from '../../../src/publish/publication';
import { keyTag, setRepository } from '../../../src/publish/tags';
import type { LockFile, Registry } from '../../../src/types';
import { buildTinyRelease, commitId, contentKey, history, pushTinyImage, silent } from '../../support/releaseSets';
import { bruteForce } from './bruteForce';

/*
 * A history made by real publications, then pruned: in memory or in any registry, through the port alone. What has to stay is said twice: from
 * what was published, and by brute force from what the registry holds.
 */

const images = ['driver', 'launcher', 'apiserver'] as const;
const binds = { apiserver: ['driver'] } as const;
const [hour, day] = [3_600_000, 86_400_000];
const start = Date.UTC(2026, 0, 1);
const line = { c1: ['c0'], c2: ['c1'], c3: ['c2'], c4: ['c3'], forced: ['c1'] };
const ageOf = (commit: string): number => start + ['c0', 'c1', 'c2', 'forced', 'c3', 'c4'].indexOf(commit) * day;
const isAncestor = history(line);

/** One run of the product. */
export const historicRun = fc.record({
  /** On the line, or, after a force-push, on another. */
  commit: fc.constantFrom('c0', 'c1', 'c2', 'c3', 'c4', 'forced'),
  images: fc.subarray([...images], { minLength: 1 }),
  content: fc.constantFrom('a', 'b', 'c'),
  /** Built again: the same content key, another digest. */
  build: fc.nat({ max: 1 }),
  moveLatest: fc.boolean(),
  override: fc.boolean(),
  /** What somebody attaches to the first image: cosign's signature, or what we attest. */
  attached: fc.constantFrom('nothing', 'signature', 'statement'),
});
export type HistoricRun = typeof historicRun extends fc.Arbitrary<infer Run> ? Run : never;

/** What a history left. */
export interface PlayedHistory {
  readonly registry: Registry;
  readonly path: string;
  /** Commit → every lock file that a run of it gave. */
  readonly locks: ReadonlyMap<string, readonly LockFile[]>;
  readonly now: number;
}

/** Plays the runs one after the other, five hours apart. */
export async function playHistory(
  registry: Registry,
  path: string,
  runs: readonly HistoricRun[],
): Promise<PlayedHistory> {
  const locks = new Map<string, LockFile[]>();
  let now = start + 30 * day;
  for (const one of runs) {
    now += 5 * hour;
    const own = one.images.map((name) => [name, { content: `${one.content}${one.build}` }] as const);
    const order = await buildTinyRelease(registry, {
      registryPath: path,
      commit: commitId(one.commit),
      images: Object.fromEntries(own),
      binds,
    });
    const keyed = order.images.map((image) => ({ ...image, key: contentKey(`${image.name} ${one.content}`) }));
    const { moveLatest, override } = one;
    const at = now;
    const ports = { registry, uncancellable: registry, isAncestor, now: () => at, log: silent };
    const outcome = await publish(
      { ...order, images: keyed, created: new Date(ageOf(one.commit)).toISOString(), moveLatest, override },
      { ...ports, signal: new AbortController().signal },
    );
    expect(['published', 'unchanged', 'latest-refused']).toContain(outcome.kind);
    if (outcome.lock !== undefined) locks.set(one.commit, [...(locks.get(one.commit) ?? []), outcome.lock]);
    const [first] = order.images;
    if (first !== undefined) await attach(registry, first, one.attached);
  }
  return { registry, path, locks, now: now + 5 * hour };
}

async function attach(
  registry: Registry,
  { repository, digest }: { readonly repository: string; readonly digest: string },
  what: HistoricRun['attached'],
): Promise<void> {
  const subject = what === 'nothing' ? undefined : await registry.head(repository, digest);
  if (subject === undefined) return;
  const bytes = Buffer.from(`about ${digest}`);
  if (what === 'statement') {
    await openAttachments(registry).put(repository, subject, [
      {
        mediaType: 'application/vnd.in-toto+json',
        bytes,
        annotations: { 'in-toto.io/predicate-type': 'a test' },
      },
    ]);
    return;
  }
  const signature = await pushTinyImage(registry, { repository, content: bytes.toString(), revision: '' });
  const stored = await registry.manifest(repository, signature);
  if (stored === undefined) throw new Error('the signature is not there');
  await registry.putManifest(repository, `${digest.replace(':', '-')}.sig`, stored.mediaType, stored.bytes);
}

const rulesOf = ({ now }: PlayedHistory, keepLast: number): PruneRules => {
  return { keepLast, keepDays: 0, now, inUse: nothingInUse, unnamed: new Map() };
};

/** The commits that stay: the newest, and the one that `latest` of the sets names. */
function staying(
  { path, locks }: PlayedHistory,
  tags: ReadonlyMap<string, string>,
  keepLast: number,
): ReadonlySet<string> {
  const newest = [...locks.keys()].sort((a, b) => ageOf(b) - ageOf(a)).slice(0, keepLast);
  const at = tags.get(`${setRepository(path)}:latest`);
  const leading = [...locks.keys()].filter((commit) =>
    [...tags].some(([tag, digest]) => digest === at && tag.includes(commitId(commit))),
  );
  return new Set([...newest, ...leading]);
}

/** `REPOSITORY:TAG` → digest. */
async function tagsIn({ registry, path }: PlayedHistory): Promise<ReadonlyMap<string, string>> {
  const tags = new Map<string, string>();
  for (const repository of [...images.map((name) => `${path}/${name}`), setRepository(path)]) {
    for (const tag of await registry.tags(repository)) {
      const found = await registry.head(repository, tag);
      if (found !== undefined) tags.set(`${repository}:${tag}`, found.digest);
    }
  }
  return tags;
}

/** Prunes, and expects everything that has to be so then. Gives how many of the published images went and stayed. */
export async function pruneHistory(
  played: PlayedHistory,
  keepLast: number,
): Promise<{ readonly gone: number; readonly kept: number }> {
  const { registry, path, locks } = played;
  const rules = rulesOf(played, keepLast);
  const isThere = async (name: string): Promise<boolean> => {
    const at = name.lastIndexOf('@');
    return (await registry.manifest(name.slice(0, at), name.slice(at + 1))) !== undefined;
  };
  const stays = staying(played, await tagsIn(played), keepLast);
  const before = await takeInventory(registry, path);
  const reference = bruteForce(before, path, rules);
  const outcome = await executePrune(decidePrune(before, path, rules), { registry, google: undefined, log: silent });
  expect(outcome.problems).toEqual([]);
  const deletesTags = outcome.notes.length === 0;

  const went: string[] = [];
  for (const [repository, { manifests }] of before) {
    for (const digest of manifests.keys())
      if (!(await isThere(`${repository}@${digest}`))) went.push(`${repository}@${digest}`);
  }
  expect(went.sort()).toEqual(reference);

  const tags = await tagsIn(played);
  const named = (of: (commit: string) => boolean): readonly LockFile['images'][string][] =>
    [...locks].flatMap(([commit, own]) => (of(commit) ? own.flatMap((lock) => Object.values(lock.images)) : []));
  const needed = named((commit) => stays.has(commit));
  for (const { repository, digest } of needed)
    expect(await isThere(`${repository}@${digest}`), `${repository}@${digest}`).toBe(true);
  const keys = new Set(needed.map(({ repository, key }) => `${repository}:${keyTag(key)}`));
  const held = new Set([
    ...needed.map(({ digest }) => digest),
    ...[...tags].flatMap(([tag, at]) => (tag.endsWith(':latest') || keys.has(tag) ? [at] : [])),
  ]);
  const old = named((commit) => !stays.has(commit)).filter(({ digest }) => !held.has(digest));
  for (const { repository, digest } of old)
    expect(await isThere(`${repository}@${digest}`), `${repository}@${digest}`).toBe(false);
  // An image that another set needs keeps the tag where tags can't be deleted.
  if (deletesTags) {
    const gone = [...locks.keys()].filter((commit) => !stays.has(commit)).map(commitId);
    expect([...tags.keys()].filter((tag) => gone.some((id) => tag.endsWith(`/kfp-images-set:commit-${id}`)))).toEqual(
      [],
    );
  }
  const again: PrunePlan = decidePrune(await takeInventory(registry, path), path, rules);
  expect(again.deletions).toEqual([]);
  if (deletesTags) expect(again.untaggings).toEqual([]);
  return { gone: old.length, kept: needed.length };
}
