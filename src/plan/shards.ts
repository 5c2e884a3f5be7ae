import { field, parseJson } from '../system/json';
import type { RunnerLabels, RunsOn } from '../types';
import { normalPlatform } from './basePlatforms';

/** Something that one runner could build alone: an image, for one platform or for all of its own. */
export interface ShardUnit {
  readonly image: string;
  /** undefined: all platforms of the image. */
  readonly platform: string | undefined;
  /** Is it for one of several platforms of its image, or for another kind of runner than the last job's? Then no other runner may be able to build it. */
  readonly partial: boolean;
  /** What the last build took; undefined: nobody knows. */
  readonly seconds: number | undefined;
}

/** A part of what is to be built, for one runner. */
export interface Shard {
  /** 40 hex digits, or the first of them. */
  readonly commit: string;
  readonly images: readonly string[];
  /** undefined: all platforms of each image. */
  readonly platform: string | undefined;
  /** Of a plan that rebuilds everything: what counts is built under this mark. undefined: what the registry has of the same content counts. */
  readonly mark?: string | undefined;
}

/** What a runner needs before it builds, in seconds. To save less is not worth one. */
const startSeconds = 60;

/** What an image takes of which nothing is known, and nothing of the others. */
const usualSeconds = 120;

/**
 * Cuts units into shards: at most `most`, each for one platform, small ones together, so that the longest takes as little as it can and a
 * runner is worth its start. Longest first into the emptiest, which is at most a third worse than the best cut there is
 * (Graham 1969, https://doi.org/10.1137/0117039). Pure; empty: one runner does it as well. Throws RangeError where there are more platforms
 * than shards.
 */
export function cutShards(units: readonly ShardUnit[], commit: string, most: number): readonly Shard[] {
  const known = units.flatMap(({ seconds }) => (seconds === undefined ? [] : [seconds])).sort((a, b) => a - b);
  const middle = known[Math.floor(known.length / 2)] ?? usualSeconds;
  const weighed = units.map((unit) => ({ ...unit, seconds: Math.max(1, unit.seconds ?? middle) }));
  const byPlatform = Map.groupBy(weighed, ({ platform }) => platform);
  if (byPlatform.size > most) throw new RangeError(`${byPlatform.size} platforms, and at most ${most} shards`);
  const cuts = [...byPlatform].map(([platform, own]) => ({ platform, own, bins: pack(own, 1) }));
  // Each platform has one; further ones go to where the work takes longest, as long as that shortens it by what they cost.
  for (let left = most - cuts.length; left > 0;) {
    const cut = cuts.toSorted((a, b) => longest(b.bins) - longest(a.bins))[0];
    const next = cut && shorter(cut.own, cut.bins, left);
    if (cut === undefined || next === undefined) break;
    left -= next.length - cut.bins.length;
    cut.bins = next;
  }
  const shards = cuts.flatMap(({ platform, bins }) =>
    bins.map((bin): Shard => ({ commit, platform, images: bin.map(({ image }) => image) })),
  );
  return shards.length < 2 && !units.some(({ partial }) => partial) ? [] : shards;
}

type Weighed = ShardUnit & { readonly seconds: number };

function pack(units: readonly Weighed[], count: number): readonly (readonly Weighed[])[] {
  const bins = Array.from({ length: Math.min(count, units.length) }, (): Weighed[] => []);
  for (const unit of units.toSorted((a, b) => b.seconds - a.seconds || (a.image < b.image ? -1 : 1))) {
    bins.toSorted((a, b) => sum(a) - sum(b))[0]?.push(unit);
  }
  return bins;
}

/** The same units in more bins, at most `more`, where that pays. */
function shorter(
  units: readonly Weighed[],
  bins: readonly (readonly Weighed[])[],
  more: number,
): readonly (readonly Weighed[])[] | undefined {
  for (let count = bins.length + 1; count <= Math.min(bins.length + more, units.length); count++) {
    const next = pack(units, count);
    if (longest(bins) - longest(next) >= startSeconds) return next;
  }
  return undefined;
}

function sum(bin: readonly Weighed[]): number {
  return bin.reduce((total, { seconds }) => total + seconds, 0);
}

function longest(bins: readonly (readonly Weighed[])[]): number {
  return Math.max(0, ...bins.map(sum));
}

/** So many digits of a commit are enough to tell it from others of one repository. */
const commitDigits = 12;

/** `COMMIT[+MARK]:driver,launcher@linux/arm64`: all that a runner has to know beside the commit that it checks out. */
export function shardId({ commit, images, platform, mark }: Shard): string {
  const of = `${commit.slice(0, commitDigits)}${mark === undefined ? '' : `+${mark}`}`;
  return `${of}:${images.join(',')}${platform === undefined ? '' : `@${platform}`}`;
}

/** Reads one. undefined: it is not one. */
export function parseShardId(id: string): Shard | undefined {
  const [, commit, mark, images, platform] =
    /^([0-9a-f]{12,40})(?:\+([0-9]{1,12}-[0-9a-f]{8}))?:([A-Za-z0-9._-]+(?:,[A-Za-z0-9._-]+)*)(?:@([a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9_.]+)?))?$/.exec(
      id,
    ) ?? [];
  if (commit === undefined || images === undefined) return undefined;
  return { commit, images: [...new Set(images.split(','))], platform, ...(mark === undefined ? {} : { mark }) };
}

/** `driver, launcher (linux/arm64)` */
export function shardName({ images, platform }: Pick<Shard, 'images' | 'platform'>): string {
  return `${images.join(', ')}${platform === undefined ? '' : ` (${platform})`}`;
}

/**
 * Shards as the value of `strategy.matrix`, one line of JSON; empty where there are none, because a job can't have an empty matrix.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstrategymatrix
 */
export function matrixJson(shards: readonly Shard[], runsOn: RunsOn = {}): string {
  return shards.length === 0 ? '' : JSON.stringify(matrixOf(shards, runsOn));
}

/** Platform of the runner that everything else runs on: what is for all platforms of an image, and the last job. */
const usualPlatform = 'linux/amd64';

/**
 * The labels that are given for the platform, in whatever spelling, else that of GitHub's own runners:
 * https://docs.github.com/actions/reference/runners/github-hosted-runners
 */
function runnerOf(platform: string, runsOn: RunsOn): RunnerLabels {
  if (isLabels(runsOn)) return runsOn;
  const exact = Object.hasOwn(runsOn, platform) ? runsOn[platform] : undefined;
  const same = Object.entries(runsOn).find(([each]) => normalPlatform(each) === normalPlatform(platform))?.[1];
  return exact ?? same ?? (platform.startsWith('linux/arm64') ? 'ubuntu-24.04-arm' : 'ubuntu-24.04');
}

function isLabels(runsOn: RunsOn): runsOn is RunnerLabels {
  return typeof runsOn === 'string' || Array.isArray(runsOn);
}

/** Is what is built for this platform built on another kind of runner than what the last job builds? */
export function needsOtherRunner(platform: string, runsOn: RunsOn): boolean {
  return String(runnerOf(platform, runsOn)) !== String(runnerOf(usualPlatform, runsOn));
}

/** One job of a matrix. */
interface MatrixEntry extends Readonly<Record<'shard' | 'name' | 'platform', string>> {
  readonly 'runs-on': RunnerLabels;
}

/** The same as a document: `include` is empty where one runner does it as well. */
export function matrixOf(shards: readonly Shard[], runsOn: RunsOn = {}): { readonly include: readonly MatrixEntry[] } {
  const include = shards.map((shard) => ({
    shard: shardId(shard),
    name: shardName(shard),
    platform: shard.platform ?? '',
    'runs-on': runnerOf(shard.platform ?? usualPlatform, runsOn),
  }));
  return { include };
}

/** The shards of a matrix that `matrixJson` made; none for an empty text. undefined: it is not such a matrix. */
export function parseMatrix(text: string): readonly Shard[] | undefined {
  if (text.trim() === '') return [];
  const include = field(parseJson(text), 'include');
  if (!Array.isArray(include)) return undefined;
  const shards = include.map((entry: unknown) => {
    const id = field(entry, 'shard');
    return typeof id === 'string' ? parseShardId(id) : undefined;
  });
  return shards.every((shard) => shard !== undefined) ? shards : undefined;
}
