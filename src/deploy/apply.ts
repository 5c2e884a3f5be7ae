import { DeployError } from '../errors';
import type { Change } from './changes';
import { patchOf } from './changes';
import { isCustomResource, keyOf, kubectlNames, titleOf, type Live } from './customResource';
import { fieldManager, handOver } from './handOver';
import { isConflict, refusal, type Call, type Kubectl } from './kubectl';
import { patchedResource, readAgain } from './installation';
import { isEquivalent, isSame, snapshotOf, type Snapshot } from './snapshot';

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

/**
 * Makes one change, guarded by the resourceVersion it was decided on: when the object was written since, it is read again, and the change is
 * only made when nothing that it touches differs. Then hands what was written over to who applies it; gives what is worth saying about
 * that. Throws DeployError when somebody else changed it, when the API server refuses, or when it takes not all of it.
 */
export async function applyChange(
  kubectl: Kubectl,
  change: Change,
  dryRun: DryRun = 'none',
): Promise<readonly string[]> {
  const name = nameOf(change.live);
  let newest = change;
  for (let attempt = 1; ; attempt++) {
    const answer = await kubectl(patchCall(newest, dryRun));
    if (answer.exitCode === 0) {
      requireTaken(newest, answer.stdout);
      return dryRun === 'none' ? handOver(kubectl, change.live, change.after) : [];
    }
    if (!isConflict(answer) || attempt === attempts) throw refusal(`change the ${name}`, answer);
    const live = await readAgain(kubectl, change.live);
    const now = snapshotOf(live, change.after);
    if (isEquivalent(now, change.after)) return [];
    if (!isSame(now, change.before)) {
      throw new DeployError(
        `The ${name} was changed by someone else in the meantime. Look what runs (kfp-images status) and try again.`,
      );
    }
    newest = { ...change, live };
  }
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
 * Puts everything back to what it was, annotations included, newest change first. Whatever state a change is in (made, not made, refused,
 * no answer came) is seen from the cluster itself. What somebody else has changed since is left alone. Never throws.
 */
export async function restore(kubectl: Kubectl, changes: readonly Change[]): Promise<readonly Restored[]> {
  return Promise.all(changes.toReversed().map((change) => restoreOne(kubectl, change)));
}

async function restoreOne(kubectl: Kubectl, change: Change): Promise<Restored> {
  const name = keyOf(change.live);
  try {
    for (let attempt = 1; ; attempt++) {
      const live = await readAgain(kubectl, change.live);
      if (isSame(snapshotOf(live, change.before), change.before)) return { name, kind: 'untouched' };
      if (!isWritten(live, change.after)) return { name, kind: 'changed-since' };
      const answer = await kubectl(patchCall({ live, before: change.after, after: change.before }));
      if (answer.exitCode === 0) {
        await handOver(kubectl, live, change.before);
        return { name, kind: 'restored' };
      }
      if (!isConflict(answer) || attempt === attempts) throw refusal(`put the ${nameOf(live)} back`, answer);
    }
  } catch (error) {
    return { name, kind: 'failed', error };
  }
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
