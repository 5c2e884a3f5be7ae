import { applyChange, patchCall } from '../../deploy/apply';
import { carryOut, type Outcome } from '../../deploy/carryOut';
import type { ChangeSet } from '../../deploy/changes';
import { kubectlCommand, type Kubectl, type Place } from '../../deploy/kubectl';
import type { Snapshot } from '../../deploy/snapshot';
import { patchDocuments, restoredLines } from '../../deploy/words';
import { DeployError } from '../../errors';
import { shellWords } from '../../report/shellWords';
import { visible } from '../../report/escape';
import type { Flags } from '../commandLine';
import type { Session } from '../session';
import { rolloutProgress } from './rolloutProgress';
import { duration } from './settings';

/** How `--dry-run` was given. */
export function dryRun(flags: Flags): 'none' | 'client' | 'server' {
  const value = flags['dryRun'];
  if (value === 'server') return 'server';
  return value === undefined || value === false || value === 'none' || value === 'false' ? 'none' : 'client';
}

/** Prints what a real run would execute; with `server` the API server judges each patch and stores nothing. */
export async function showDryRun(
  kubectl: Kubectl,
  place: Place,
  changeSet: ChangeSet,
  how: 'client' | 'server',
  session: Session,
  json: boolean,
): Promise<void> {
  if (how === 'server') for (const change of changeSet.changes) await applyChange(kubectl, change, 'server');
  const commands = changeSet.changes.map((change) => kubectlCommand(place, patchCall(change, change.resourceVersion)));
  if (json) {
    const document = {
      kind: 'dry-run',
      checked: how === 'server',
      unchanged: changeSet.unchanged,
      patches: patchDocuments(changeSet),
      commands,
    };
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  for (const command of commands) process.stdout.write(`${visible(shellWords(command))}\n`);
  if (how === 'server') session.log.info('The API server takes every patch. Nothing was stored.');
}

/** Carries a change set out with progress on the terminal, and explains how it ended; throws DeployError or InterruptedError then. */
export async function work(
  kubectl: Kubectl,
  changeSet: ChangeSet,
  expected: ReadonlyMap<string, Snapshot['containers']>,
  flags: Flags,
  session: Session,
): Promise<Outcome & { readonly kind: 'done' }> {
  const progress = rolloutProgress(session);
  const timeoutMs = duration(flags, 'timeout', 10 * 60_000);
  const outcome = await carryOut(
    kubectl,
    { changes: changeSet.changes, expected },
    { timeoutMs, pollMs: pollMs(session.env), signal: session.signal, onProgress: progress.show },
  );
  progress.end();
  if (outcome.kind === 'done') {
    for (const note of outcome.notes) session.log.info(note);
    return outcome;
  }
  const lines = restoredLines(outcome.restored.filter(({ kind }) => kind !== 'untouched'));
  const what = lines.length === 0 ? 'Nothing was changed.' : `Put back to what ran before:\n  ${lines.join('\n  ')}`;
  const stuck = outcome.restored.some(({ kind }) => kind === 'failed')
    ? '\nRun `kfp-images rollback` when the cluster can be reached.'
    : '';
  if (outcome.kind === 'failed')
    throw new DeployError(`The rollout failed.\n  ${outcome.why.replaceAll('\n', '\n  ')}\n${what}${stuck}`);
  session.log.error(`Stopped. ${what}${stuck}`);
  throw session.signal.reason;
}

/** Looks once a second; tests look more often. */
function pollMs(env: NodeJS.ProcessEnv): number {
  const given = Number(env['KFP_IMAGES_POLL_MS']);
  return Number.isInteger(given) && given >= 20 ? given : 1000;
}
