import { applyChange, patchCall } from '../../deploy/apply';
import { carryOut, type Outcome, type Work } from '../../deploy/carryOut';
import type { ChangeSet } from '../../deploy/changes';
import { placeFlags, type Cluster } from '../../deploy/context';
import { kubectlCommand, type Kubectl, type Place } from '../../deploy/kubectl';
import { patchDocuments, restoredLines } from '../../deploy/format';
import { DeployError } from '../../errors';
import { shellWords } from '../../report/shellWords';
import { visible } from '../../report/escape';
import type { Call, Outcome as CommandOutcome } from '../command';
import type { Session } from '../session';
import { rolloutProgress } from './rolloutProgress';
import { duration, type DryRun } from '../sharedFlags';

/** What a real run would execute, as a document and as lines; with `server` the API server judges each patch and stores nothing. */
export async function dryRun(
  kubectl: Kubectl,
  place: Place,
  changeSet: ChangeSet,
  how: Exclude<DryRun, 'none'>,
  { session, json }: Pick<Call, 'session' | 'json'>,
): Promise<CommandOutcome> {
  if (how === 'server') for (const change of changeSet.changes) await applyChange(kubectl, change, 'server');
  const commands = changeSet.changes.map((change) => kubectlCommand(place, patchCall(change)));
  if (how === 'server' && !json) session.log.info('The API server takes every patch. Nothing was stored.');
  return {
    document: {
      kind: 'dry-run',
      checked: how === 'server',
      unchanged: changeSet.unchanged,
      patches: patchDocuments(changeSet),
      commands,
    },
    text: commands.map((command) => `${visible(shellWords(command))}\n`).join(''),
  };
}

/** Carries a change set out with progress on the terminal, and explains how it ended; throws DeployError or InterruptedError then. */
export async function work(
  { kubectl, place }: Cluster,
  changeSet: ChangeSet,
  { expected, awaited }: Omit<Work, 'changes'>,
  timeout: string | undefined,
  session: Session,
): Promise<Outcome & { readonly kind: 'done' }> {
  const progress = rolloutProgress(session);
  const timeoutMs = duration('--timeout', timeout, 10 * 60_000);
  session.onTimeUp(
    `The cluster may be between two sets: \`kfp-images status${placeFlags(place)}\` shows what runs, ` +
      `\`kfp-images rollback${placeFlags(place)}\` takes back what was changed.`,
  );
  const outcome = await carryOut(
    kubectl,
    { changes: changeSet.changes, expected, ...(awaited === undefined ? {} : { awaited }) },
    { timeoutMs, pollMs: pollMs(session.env), signal: session.signal, onProgress: progress.show },
  );
  session.onTimeUp(undefined);
  progress.end();
  if (outcome.kind === 'done') {
    for (const note of outcome.notes) session.log.info(note);
    return outcome;
  }
  const lines = restoredLines(outcome.restored.filter(({ kind }) => kind !== 'untouched'));
  const kinds = new Set(outcome.restored.map(({ kind }) => kind));
  const look = `(kfp-images status${placeFlags(place)} shows what runs)`;
  const head =
    !kinds.has('restored') && !kinds.has('failed')
      ? `Nothing was put back, because somebody else has changed it meanwhile ${look}`
      : kinds.has('changed-since')
        ? `Put back to what ran before, except what somebody else has changed meanwhile ${look}`
        : 'Put back to what ran before';
  const what = lines.length === 0 ? 'Nothing was changed.' : `${head}:\n  ${lines.join('\n  ')}`;
  const stuck = outcome.restored.some(({ kind }) => kind === 'failed')
    ? `\nRun \`kfp-images rollback${placeFlags(place)}\` when the cluster can be reached.`
    : '';
  if (outcome.kind === 'failed')
    throw new DeployError(`The rollout failed.\n  ${outcome.why.replaceAll('\n', '\n  ')}\n${what}${stuck}`);
  session.log.error(`Stopped. ${what}${stuck}`);
  throw session.signal.reason;
}

/** Looks once a second; tests look more often. */
export function pollMs(env: NodeJS.ProcessEnv): number {
  const given = Number(env['KFP_IMAGES_POLL_MS']);
  return Number.isInteger(given) && given >= 20 ? given : 1000;
}
