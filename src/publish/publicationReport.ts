import { ExplainedError, message, PublishError } from '../errors';
import type { LatestState, LockFile, Publication, PublishedImage, TagState } from '../types';
import type { Progress } from './reconcile';
import type { PublicationOrder } from './publishSet';
import { imageOf } from './releaseSet';
import { commitTag, latestTag, setRepository } from './tags';

/** Everything a publication did and found, as data for summary and exit status. Pure. */
export function publicationReport(
  order: PublicationOrder,
  mine: LockFile,
  progress: Progress,
  error: unknown,
  isStopped: boolean,
): Publication {
  const { promotion } = progress;
  const latestOf = (repository: string): LatestState | undefined => {
    const state = promotion?.states.find(({ pointer }) => pointer.repository === repository);
    return state === undefined ? undefined : { kind: state.kind, digest: state.digest };
  };
  const images = order.images.map(({ name, repository }): PublishedImage => {
    const tags = [...new Set([commitTag(order.commit), ...order.tags])].filter((tag) => tag !== latestTag);
    return {
      name,
      repository,
      digest: imageOf(mine, name)?.digest ?? '',
      tags: tags.map((tag) => ({ tag, state: progress.tags.get(`${repository}:${tag}`) ?? 'unknown' })),
      latest: latestOf(repository),
    };
  });
  const stored = progress.set?.stored ?? progress.found;
  const repository = setRepository(order.registryPath);
  const set: Publication['set'] = {
    repository,
    tag: commitTag(order.commit),
    digest: stored?.digest,
    state: progress.setState ?? 'missing',
    latest: latestOf(repository),
  };
  const isWhole = error === undefined && !isStopped;
  const findings = { images, set, dropped: progress.set?.dropped ?? [], latest: latestOutcome(order, progress) };
  const notes = isWhole ? [] : [...holdings(order, images, set), ...(promotion?.notes ?? [])];
  return {
    ...findings,
    kind: kindOf(progress, findings, isWhole, isStopped),
    lock: stored?.lock,
    notes,
    error: isStopped ? error : explained(error, notes),
  };
}

function kindOf(
  { promotion }: Progress,
  { images, set }: Pick<Publication, 'images' | 'set'>,
  isWhole: boolean,
  isStopped: boolean,
): Publication['kind'] {
  if (isStopped) return 'stopped';
  if (!isWhole) return promotion?.kind === 'refused' ? 'latest-refused' : 'failed';
  const states = [...images.flatMap(({ tags, latest }) => [...tags.map(({ state }) => state), latest?.kind])];
  const hasChanged = [...states, set.state, set.latest?.kind].some(
    (state) => state === 'published' || state === 'moved',
  );
  return hasChanged ? 'published' : 'unchanged';
}

function latestOutcome(order: PublicationOrder, { promotion }: Progress): Publication['latest'] {
  if (promotion === undefined) {
    return { kind: order.moveLatest ? 'not-reached' : 'not-asked', commit: undefined, isForced: false };
  }
  const { kind, commit, relation } = promotion;
  return { kind, commit, isForced: kind === 'moved' && relation !== undefined };
}

/** What the registry holds after a publication that did not go to its end. */
function holdings(
  order: PublicationOrder,
  images: readonly PublishedImage[],
  set: Publication['set'],
): readonly string[] {
  const notes: string[] = [];
  const where = `${set.repository}:${set.tag}`;
  const sets: Record<TagState, string> = {
    published: `The set of commit ${order.commit} is complete in the registry: ${where}.`,
    unchanged: `The set of commit ${order.commit} was in the registry before and is unchanged: ${where}.`,
    missing: `The registry has no complete set of commit ${order.commit}.`,
    unknown: `It is not known whether the registry has the set of commit ${order.commit}: it did not answer.`,
  };
  notes.push(sets[set.state]);
  const tagged = (state: TagState): string =>
    images
      .flatMap(({ name, tags }) => tags.filter((tag) => tag.state === state).map(({ tag }) => `${name}:${tag}`))
      .join(', ');
  const [missing, unknown] = [tagged('missing'), tagged('unknown')];
  if (missing !== '') notes.push(`Not tagged: ${missing}.`);
  if (unknown !== '') notes.push(`Tagged or not, the registry did not answer: ${unknown}.`);
  notes.push(...latestHoldings(images, set));
  return notes;
}

function latestHoldings(images: readonly PublishedImage[], set: Publication['set']): readonly string[] {
  const all = [...images.map(({ name, latest }) => ({ name, latest })), { name: 'kfp-images-set', latest: set.latest }];
  const those = (...kinds: readonly LatestState['kind'][]): readonly string[] =>
    all.flatMap(({ name, latest }) => (latest !== undefined && kinds.includes(latest.kind) ? [name] : []));
  const notes: string[] = [];
  const say = (names: readonly string[], what: string): void => {
    if (names.length > 0) notes.push(`latest of ${names.join(', ')} ${what}.`);
  };
  say(those('restored'), 'was moved and is back where it was');
  say(those('stuck'), 'names this commit’s image and could not be taken back');
  say(
    those('broken'),
    'names only a part of a manifest: one was cut off on its way, and the registry kept that. The next run puts it right',
  );
  say(those('left'), 'was moved by this run and then by another; it is left there');
  say(those('unknown'), 'was written by this run; what it names now is not known, the registry did not answer');
  say(those('kept'), 'was not touched');
  if (all.every(({ latest }) => latest === undefined)) notes.push('latest was not touched.');
  return notes;
}

/** The text of a failed publication ends with what the registry holds. What is not ExplainedError is a bug of ours and stays as it is. */
function explained(error: unknown, notes: readonly string[]): unknown {
  if (!(error instanceof ExplainedError)) return error;
  return new PublishError(`${message(error)}\n${notes.join('\n')}`, { cause: error });
}
