import { BuildError, SourceError, UsageError, message } from '../errors';
import { platformsOfImage } from '../plan/platforms';
import {
  cutShards,
  needsOtherRunner,
  parseMatrix,
  parseShardId,
  shardName,
  type Shard,
  type ShardUnit,
} from '../plan/shards';
import { noteSeconds, notedSeconds } from '../publish/durations';
import { rebuildMark } from '../publish/tags';
import { mapConcurrently } from '../system/mapConcurrently';
import { quoted } from '../system/quoted';
import type { Catalog, Inputs, Log, PlannedImage, Selection } from '../types';
import type { Access } from './access';
import type { Decision } from './decide';
import type { Source } from './source';
import type { Product } from './produce';

/** What a run is a part of. */
export interface ShardInputs {
  /** Its own part; undefined: it does all that others have not done. */
  readonly shard: Shard | undefined;
  /** What others have done before it. */
  readonly done: readonly Shard[];
  /** Everything is rebuilt, and what was built under this mark is; undefined: what the registry has counts, or one run rebuilds it all. */
  readonly mark: string | undefined;
}

/** What the run is a part of, as its inputs say. Throws UsageError. */
export function shardInputs(inputs: Inputs): ShardInputs {
  const shard = inputs.shard === '' ? undefined : parseShardId(inputs.shard);
  if (inputs.shard !== '' && shard === undefined) {
    throw new UsageError(
      `input shard: ${quoted(inputs.shard)} is not a shard: COMMIT:IMAGE,IMAGE[@PLATFORM], as the output matrix and plan --matrix give them.`,
    );
  }
  const done = parseMatrix(inputs.shards);
  if (done === undefined) {
    throw new UsageError(
      'input shards: it is not what the output matrix of a run before holds. Pass that on as it is.',
    );
  }
  if (shard !== undefined && (!inputs.push || inputs.context === 'workspace')) {
    throw new UsageError(
      'input shard: a shard pushes what the commit holds for another run to find, so push: false and context: workspace do not go with it.',
    );
  }
  const marks = new Set([...(shard === undefined ? [] : [shard]), ...done].map(({ mark }) => mark));
  const [mark] = marks;
  if (marks.size > 1) throw new UsageError('input shards: they are not all of one plan. Pass on what one plan gave.');
  if (marks.size === 1 && mark === undefined && inputs.rebuild === 'all') {
    throw new UsageError(
      'input rebuild: these shards are of a plan that rebuilds what has changed alone. Plan with rebuild: all (or no-cache) too.',
    );
  }
  return { shard, done, mark };
}

/**
 * The repository as a shard sees it: its images alone, for its platform, and nothing to bind. Throws SourceError where another commit is
 * checked out, UsageError where the catalog has no such image.
 */
export function shardSource(source: Source, { commit, images, platform }: Shard): Source {
  refuseOther(source, commit);
  const { catalog } = source;
  const own = images.map((name) => {
    const image = catalog.images.get(name);
    if (image === undefined) throw new UsageError(`input shard: the catalog has no image ${quoted(name)}.`);
    return [name, { ...image, bind: {}, ...(platform === undefined ? {} : { platforms: [platform] }) }] as const;
  });
  return { ...source, catalog: { ...catalog, images: new Map(own), groups: new Map() } };
}

/** What a shard is asked for. */
export function shardSelection({ images }: Shard): Selection {
  return { images, keywords: [], warnings: [] };
}

function refuseOther(source: Source, commit: string): void {
  if (source.commit.startsWith(commit)) return;
  throw new SourceError(
    `The shards are of commit ${commit}, and ${source.commit} is checked out. Check out the commit that was planned.`,
  );
}

/** What a plan would be cut into, and by what. */
interface ShardQuestion {
  readonly decision: Decision;
  readonly catalog: Catalog;
  readonly inputs: Pick<Inputs, 'context' | 'fanOut' | 'maxShards' | 'platforms' | 'rebuild' | 'runsOn'>;
  /** undefined: no registry knows what builds took. */
  readonly access: Pick<Access, 'registry' | 'path'> | undefined;
  readonly log: Log;
}

/**
 * Cuts what a plan builds into shards; none where one run does it as well. Throws UsageError where there are too few for the platforms, or the plan
 * is of files that no shard would get.
 */
export async function planShards(question: ShardQuestion): Promise<readonly Shard[]> {
  const { decision, inputs, log } = question;
  if (inputs.fanOut === 'none') return [];
  if (inputs.context === 'workspace') {
    throw new UsageError(
      'input fan-out: shards build what the commit holds, so context: workspace does not go with it. Commit the files first.',
    );
  }
  const units = unitsOf(question);
  for (const sentence of leftToLast(question)) log.warning(sentence);
  const platforms = new Set(units.map(({ platform }) => platform)).size;
  if (platforms > inputs.maxShards) {
    throw new UsageError(
      `input max-shards: ${inputs.maxShards} are too few for ${platforms} platforms; give ${platforms} at least.`,
    );
  }
  const shards = cutShards(await withSeconds(units, question), decision.plan.commit, inputs.maxShards);
  if (inputs.rebuild !== 'all') return shards;
  // What is rebuilt is not found by its content: an older image may have the same.
  const mark = rebuildMark(Date.now());
  return shards.map((shard) => ({ ...shard, mark }));
}

/** What shards would build: not what is there, and not what nobody would find by its key. */
function unitsOf({ decision, catalog, inputs }: ShardQuestion): readonly Omit<ShardUnit, 'seconds'>[] {
  return decision.plan.images.flatMap((planned): readonly Omit<ShardUnit, 'seconds'>[] => {
    const { name, action } = planned;
    const image = catalog.images.get(name);
    if (action !== 'build' || image === undefined || whyLast(decision, planned) !== undefined) return [];
    const platforms = platformsOfImage(image, inputs.platforms);
    if (inputs.fanOut === 'images' && platforms.length > 1)
      return [{ image: name, platform: undefined, partial: false }];
    const parts = decision.parts.get(name);
    return platforms
      .filter((platform) => parts?.some((part) => part.platform === platform && part.manifest !== undefined) !== true)
      .map((platform) => ({
        image: name,
        platform,
        partial: platforms.length > 1 || needsOtherRunner(platform, inputs.runsOn),
      }));
  });
}

/** Why only the last job can build an image; undefined: a shard can as well. */
function whyLast({ keys }: Decision, { name, builtOn }: Pick<PlannedImage, 'name' | 'builtOn'>): string | undefined {
  if (builtOn !== undefined) return `it is built on ${builtOn.join(', ')} of the same set`;
  const unresolved = keys.get(name)?.unresolvedBases ?? [];
  return unresolved.length === 0 ? undefined : `no digest is known of its base image ${unresolved.join(', ')}`;
}

/** Says of the images that the last job builds for other platforms than its runner's. */
function leftToLast({ decision, catalog, inputs }: ShardQuestion): readonly string[] {
  return decision.plan.images.flatMap((planned): readonly string[] => {
    const image = catalog.images.get(planned.name);
    const why = whyLast(decision, planned);
    if (planned.action !== 'build' || image === undefined || why === undefined) return [];
    const others = platformsOfImage(image, inputs.platforms).filter((each) => needsOtherRunner(each, inputs.runsOn));
    if (others.length === 0) return [];
    return [
      `${planned.name} is built by the last job, also for ${others.join(', ')}: ${why}. Its runner needs a builder for that, or emulation (docker/setup-qemu-action).`,
    ];
  });
}

/** Notes of shards come before what the sets say: they are of the same platform, or of each of them. */
async function withSeconds(
  units: readonly Omit<ShardUnit, 'seconds'>[],
  { decision, catalog, inputs, access, log }: ShardQuestion,
): Promise<readonly ShardUnit[]> {
  const partsOfUnit = ({ image, platform }: Omit<ShardUnit, 'seconds'>): readonly (string | undefined)[] => {
    const own = catalog.images.get(image);
    return platform !== undefined || own === undefined
      ? [platform]
      : [platform, ...platformsOfImage(own, inputs.platforms)];
  };
  const timed = units.flatMap((unit) => partsOfUnit(unit).map((platform) => ({ image: unit.image, platform })));
  const noted =
    access === undefined
      ? []
      : await notedSeconds(access.registry, access.path.full, timed).catch((error: unknown) => {
          log.debug(`what builds took: ${message(error)}`);
          return [];
        });
  return units.map((unit) => {
    const found = timed.flatMap(({ image, platform }, index) => {
      const seconds = noted[index];
      return image !== unit.image || seconds === undefined ? [] : [{ platform, seconds }];
    });
    const whole = found.find(({ platform }) => platform === unit.platform);
    const parts = found.filter(({ platform }) => unit.platform === undefined && platform !== undefined);
    const sum = parts.length === 0 ? undefined : parts.reduce((total, { seconds }) => total + seconds, 0);
    return { ...unit, seconds: whole?.seconds ?? sum ?? decision.images.get(unit.image)?.seconds };
  });
}

/** Notes what the builds of a shard took, for the next plan. What goes wrong with it is a line for debugging. */
export async function noteShard(
  { registry, path }: Pick<Access, 'registry' | 'path'>,
  { platform }: Shard,
  { outcomes }: Product,
  log: Log,
): Promise<void> {
  await mapConcurrently(outcomes, async (outcome) => {
    if (outcome.kind !== 'built') return;
    const { startedAt, builtAt } = outcome.timing;
    if (startedAt === undefined || builtAt === undefined) return;
    const timed = { image: outcome.name, platform };
    await noteSeconds(registry, path.full, timed, (builtAt - startedAt) / 1000).catch((error: unknown) =>
      log.debug(`${outcome.name}: ${message(error)}`),
    );
  });
}

/**
 * Says of each shard whether what it was to build is there. Throws BuildError where it is not: this run would build it a second time, and
 * for another platform than its own perhaps not at all. Throws UsageError where this run would publish less than was planned.
 */
export function checkShards(shards: readonly Shard[], source: Source, decision: Decision, log: Log): void {
  const asked = new Set(decision.plan.images.map(({ name }) => name));
  const missing = shards.flatMap((shard) => {
    refuseOther(source, shard.commit);
    const other = shard.images.filter((image) => !asked.has(image));
    if (other.length > 0) {
      throw new UsageError(
        `input shards: ${other.join(', ')} was planned, and this run is not asked for it. Give it the images, or the message, that the plan was made of.`,
      );
    }
    const lacking = shard.images.filter((image) => !isThere(decision, image, shard.platform));
    const name = shardName(shard);
    if (lacking.length === 0) log.info(`Shard ${name}: done.`);
    else log.info(`Shard ${name}: not in the registry: ${lacking.join(', ')}.`);
    return lacking.length === 0 ? [] : [name];
  });
  if (missing.length === 0) return;
  throw new BuildError(
    `${missing.length} of ${shards.length} shards are not done (${missing.join('; ')}), so nothing was published. ` +
      'Look at their jobs and run the failed ones again. Where none failed, this run was given other platforms or another catalog than they were, ' +
      'or a base image has moved since the plan: then run all jobs again.',
  );
}

function isThere({ plan, parts }: Decision, name: string, platform: string | undefined): boolean {
  const planned = plan.images.find((image) => image.name === name);
  if (planned?.action !== 'build') return true;
  return (
    platform !== undefined &&
    parts.get(name)?.some((part) => part.platform === platform && part.manifest !== undefined) === true
  );
}
