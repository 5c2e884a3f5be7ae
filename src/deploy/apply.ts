import { DeployError } from '../errors';
import type { Change } from './changes';
import { patchOf } from './changes';
import { readDeployment } from './cluster';
import { isConflict, refusal, type Call, type Kubectl } from './kubectl';
import { isSame, patchTo, snapshotOf } from './snapshot';

/** How often a patch is repeated because the Deployment was written in between, mostly its status by the controller. */
const attempts = 8;

/** How a dry run asks: not at all, or the API server without storing anything. */
export type DryRun = 'none' | 'server';

/**
 * The call that makes a change, as data: a dry run prints it, `applyChange` runs it. The patch is an argument: it holds image names and
 * annotations, no secret (and what is no file can't be read by kubectl from a socket).
 */
export function patchCall(change: Change, resourceVersion?: string, dryRun: DryRun = 'none'): Call {
  const patch = JSON.stringify(patchOf(change, resourceVersion));
  return { args: patchArgs(change.deployment, patch, dryRun) };
}

/**
 * Makes one change, guarded by the resourceVersion it was decided on: when the Deployment was written since, it is read again, and the
 * change is only made when nothing that it touches differs. Throws DeployError otherwise, or when the API server refuses.
 */
export async function applyChange(kubectl: Kubectl, change: Change, dryRun: DryRun = 'none'): Promise<void> {
  let resourceVersion = change.resourceVersion;
  for (let attempt = 1; ; attempt++) {
    const answer = await kubectl(patchCall(change, resourceVersion, dryRun));
    if (answer.exitCode === 0) return;
    if (!isConflict(answer) || attempt === attempts)
      throw refusal(`change the Deployment ${change.deployment}`, answer);
    const live = await readDeployment(kubectl, change.deployment);
    const now = snapshotOf(live, change.after);
    if (isSame(now, change.after)) return;
    if (!isSame(now, change.before)) {
      throw new DeployError(
        `The Deployment ${change.deployment} was changed by someone else in the meantime. Look what runs (kfp-images status) and try again.`,
      );
    }
    resourceVersion = live.metadata.resourceVersion;
  }
}

/** How putting one Deployment back ended. */
export type Restored =
  | { readonly deployment: string; readonly kind: 'restored' | 'untouched' | 'changed-since' }
  | { readonly deployment: string; readonly kind: 'failed'; readonly error: unknown };

/**
 * Puts Deployments back to what they were, annotations included, newest change first. Whatever state a change is in (made, not made, refused,
 * no answer came) is seen from the cluster itself. One that somebody else has changed since is left alone. Never throws.
 */
export async function restore(kubectl: Kubectl, changes: readonly Change[]): Promise<readonly Restored[]> {
  return Promise.all(changes.toReversed().map((change) => restoreOne(kubectl, change)));
}

async function restoreOne(kubectl: Kubectl, change: Change): Promise<Restored> {
  const { deployment } = change;
  try {
    for (let attempt = 1; ; attempt++) {
      const live = await readDeployment(kubectl, deployment);
      if (isSame(snapshotOf(live, change.before), change.before)) return { deployment, kind: 'untouched' };
      if (!isSame(snapshotOf(live, change.after), change.after)) return { deployment, kind: 'changed-since' };
      const patch = JSON.stringify(patchTo(change.before, live.metadata.resourceVersion));
      const answer = await kubectl({ args: patchArgs(deployment, patch, 'none') });
      if (answer.exitCode === 0) return { deployment, kind: 'restored' };
      if (!isConflict(answer) || attempt === attempts) throw refusal(`put the Deployment ${deployment} back`, answer);
    }
  } catch (error) {
    return { deployment, kind: 'failed', error };
  }
}

function patchArgs(deployment: string, patch: string, dryRun: DryRun): readonly string[] {
  const flag = dryRun === 'server' ? ['--dry-run=server'] : [];
  return ['patch', 'deployments.apps', deployment, '--type=strategic', ...flag, '--output=name', `--patch=${patch}`];
}
