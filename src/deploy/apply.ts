import { DeployError } from '../errors';
import type { Change } from './changes';
import { patchOf } from './changes';
import { isCustomResource, keyOf, kubectlNames, titleOf, type Live } from './customResource';
import { fieldManager, handOver } from './handOver';
import { isConflict, refusal, type Call, type Kubectl } from './kubectl';
import { patchedResource, readAgain } from './installation';
import { isChangedSince } from './history';
import { isOpen } from './neverReady';
import { readRecord, recordAnnotation, withoutHistory } from './record';
import { isEquivalent, isSame, overlaid, snapshotOf, type Snapshot } from './snapshot';

/** How often a patch is repeated because the object was written in between, mostly its status by its controller. */
const attempts = 8;

/** How a dry run asks: not at all, or the API server without storing anything. */
export type DryRun = 'none' | 'server';

/**
 * The call that makes a change, as data: a dry run prints it, `applyChange` runs it. The patch is an argument: it holds image names and
 * annotations, no secret (and what is not a file can't be read by kubectl from a socket).
 */
export function patchCall(change: Change, dryRun: DryRun = 'none'): Call {
  return { args: patchArgs(change.live, JSON.stringify(patchOf(change)), dryRun) };
}

/** A change that was made. */
export interface Applied {
  /** What is worth saying about it. */
  readonly notes: readonly string[];
  /** The command before had taken its change back meanwhile: it failed, and what it put there is nothing to go back to. */
  readonly isTakenBack: boolean;
  /** When it was made, what was there was ready. */
  readonly wasReady: boolean;
}

/**
 * Makes one change, guarded by the resourceVersion it was decided on: when the object was written since, it is read again, and the change is
 * only made when nothing that it touches differs, or when the command before has taken its own change back. Then hands what was written
 * over to who applies it. Throws DeployError when somebody else changed it, when the API server refuses, or when it takes not all of it.
 */
export async function applyChange(kubectl: Kubectl, change: Change, dryRun: DryRun = 'none'): Promise<Applied> {
  const name = nameOf(change.live);
  let newest = change;
  let isTakenBack = false;
  for (let attempt = 1; ; attempt++) {
    const answer = await kubectl(patchCall(newest, dryRun));
    if (answer.exitCode === 0) {
      requireTaken(newest, answer.stdout);
      const notes = dryRun === 'none' ? await handOver(kubectl, change.live, change.after) : [];
      return { notes, isTakenBack, wasReady: isReady(newest.live) };
    }
    if (!isConflict(answer) || attempt === attempts) throw refusal(`change the ${name}`, answer);
    const live = await readAgain(kubectl, change.live);
    const now = snapshotOf(live, change.after);
    if (isEquivalent(now, change.after)) return { notes: [], isTakenBack, wasReady: false };
    const behind = behindLast(change);
    isTakenBack ||= !isSame(now, change.before) && behind !== undefined && isThere(live, behind);
    if (!isSame(now, change.before) && !isTakenBack && !isOfTakenOver(live, change)) {
      throw new DeployError(
        `The ${name} was changed by someone else in the meantime. Look what runs (kfp-images status) and try again.`,
      );
    }
    newest = { ...change, live };
  }
}

/** What there was before the last command; undefined: there was none, or it did not change this one. */
function behindLast({ live, before, last }: Change): Snapshot | undefined {
  const record = readRecord(live.metadata.annotations[recordAnnotation]);
  return record === undefined || record.id !== last ? undefined : overlaid(before, record.before);
}

/** Has the command whose place this one takes changed this one too meanwhile? To stop here would leave half of two sets. */
function isOfTakenOver(live: Live, { takesOver, last }: Change): boolean {
  const record = readRecord(live.metadata.annotations[recordAnnotation]);
  return takesOver !== undefined && record?.id === last && record !== undefined && !isChangedSince({ live, record });
}

/** Of what an operator makes it is not known. */
function isReady(live: Live): boolean {
  return !isCustomResource(live) && !isOpen(live);
}

/**
 * The API server leaves out what the definition of a custom resource does not know, and reports success: an operator that can't be given a
 * driver would start another commit's. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
 */
function requireTaken({ live, after }: Change, text: string): void {
  if (!isCustomResource(live)) return;
  const taken = snapshotOf(patchedResource(live, text), after).fields ?? {};
  const left = Object.entries(after.fields ?? {}).flatMap(([path, value]) =>
    value !== null && (taken[path] ?? null) === null ? [path] : [],
  );
  if (left.length === 0) return;
  throw new DeployError(
    `The API server does not take ${left.join(', ')} of the ${nameOf(live)}: its definition (${live.type}) has no such field, as with an ` +
      'older operator. Without it images of two commits would run together. Give the catalog paths that it has (operators), or update the operator.',
  );
}

function nameOf(live: Live): string {
  return isCustomResource(live) ? titleOf(keyOf(live)) : `Deployment ${live.metadata.name}`;
}

/** How putting one back ended. `name`: its key. */
export type Restored =
  | { readonly name: string; readonly kind: 'restored' | 'untouched' | 'changed-since' }
  | { readonly name: string; readonly kind: 'failed'; readonly error: unknown };

/**
 * Puts everything back to what it was, or was before the command whose place this one took (`last`: what was seen of that one meanwhile),
 * annotations included, newest change first. Whatever state a change is in (made, not made, refused, no answer came) is seen from the
 * cluster itself. What somebody else has changed since is left alone. Never throws.
 */
export async function restore(
  kubectl: Kubectl,
  changes: readonly Change[],
  last: 'stands' | 'taken-back' | 'became-ready' = 'stands',
): Promise<readonly Restored[]> {
  const backOf = (change: Change): Snapshot => {
    const behind = last === 'taken-back' ? behindLast(change) : change.behind;
    return (last === 'became-ready' && change.takesOver === 'unready' ? undefined : behind) ?? change.before;
  };
  const newestFirst = changes.toReversed();
  const put = (change: Change): Promise<Restored> => restoreOne(kubectl, change, backOf(change));
  const restored = await Promise.all(newestFirst.map(put));
  // A deploy that went over some of them may have failed meanwhile, and put ours there again.
  const isMixed = restored.some(({ kind }) => kind === 'restored');
  const again = newestFirst.filter((_, at) => isMixed && restored[at]?.kind === 'changed-since');
  const later = new Map((await Promise.all(again.map(put))).map((each) => [each.name, each]));
  return restored.map((each) => later.get(each.name) ?? each);
}

async function restoreOne(kubectl: Kubectl, change: Change, back: Snapshot): Promise<Restored> {
  const name = keyOf(change.live);
  try {
    for (let attempt = 1; ; attempt++) {
      const live = await readAgain(kubectl, change.live);
      if (isThere(live, back)) return { name, kind: 'untouched' };
      if (!isWritten(live, change.after)) return { name, kind: 'changed-since' };
      const answer = await kubectl(patchCall({ live, before: change.after, after: back }));
      if (answer.exitCode === 0) {
        await handOver(kubectl, live, back);
        return { name, kind: 'restored' };
      }
      if (!isConflict(answer) || attempt === attempts) throw refusal(`put the ${nameOf(live)} back`, answer);
    }
  } catch (error) {
    return { name, kind: 'failed', error };
  }
}

/** Is it what was written down? A record knows less of the one before it than that one did itself. */
function isThere(live: Live, snapshot: Snapshot): boolean {
  return isSame(forgetful(snapshotOf(live, snapshot)), forgetful(snapshot));
}

function forgetful(snapshot: Snapshot): Snapshot {
  const text = snapshot.annotations[recordAnnotation];
  if (typeof text !== 'string') return snapshot;
  return { ...snapshot, annotations: { ...snapshot.annotations, [recordAnnotation]: withoutHistory(text) ?? text } };
}

/** Is it what a change made of it? Of fields that were not taken nothing is left to look at. */
function isWritten(live: Live, after: Snapshot): boolean {
  const now = snapshotOf(live, after);
  if (!isCustomResource(live)) return isEquivalent(now, after);
  const taken = Object.entries(after.fields ?? {}).filter(([path]) => (now.fields?.[path] ?? null) !== null);
  return isEquivalent(
    { ...now, fields: Object.fromEntries(taken.map(([path]) => [path, now.fields?.[path] ?? null])) },
    { ...after, fields: Object.fromEntries(taken) },
  );
}

function patchArgs(live: Live, patch: string, dryRun: DryRun): readonly string[] {
  const flag = dryRun === 'server' ? ['--dry-run=server'] : [];
  const by = `--field-manager=${fieldManager}`;
  const [type, output] = isCustomResource(live) ? ['merge', 'json'] : ['strategic', 'name'];
  return ['patch', ...kubectlNames(live), `--type=${type}`, by, ...flag, `--output=${output}`, `--patch=${patch}`];
}
