import { availableParallelism } from 'node:os';
import { CatalogError } from '../errors';
import { readEvent } from '../event/event';
import { readInputs } from '../event/readInputs';
import { isKeyReference } from '../google/kms/reference';
import { maskSecrets } from '../report/log';
import { readBounded } from '../system/boundedFile';
import { bounds } from '../system/bounds';
import { useProxyFromEnvironment } from '../system/proxy';
import { writeOutputs } from '../report/outputs';
import { writeSummary } from '../report/summary';
import type { RunEnd } from '../run/run';
import { surelyNothing } from '../run/select';
import { explain } from './command';
import { actionSession, type Session } from './session';
import { outputsOf } from './results';
import { surviveOutput } from './standardOutput';

/** The Action's `main` entry: inputs and event in, outputs and summary out. Gives the exit status; never throws. */
export async function runAction(env: NodeJS.ProcessEnv = process.env): Promise<number> {
  useProxyFromEnvironment();
  surviveOutput();
  const session = actionSession(env);
  try {
    return await act(session);
  } catch (thrown) {
    return fail(session, thrown);
  } finally {
    session.close();
  }
}

async function act(session: Session): Promise<number> {
  const { env, log } = session;
  // As @actions/core's getInput: https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax#inputs
  const inputs = readInputs((name) => env[`INPUT_${name.toUpperCase()}`] ?? '', { cpus: availableParallelism() });
  const password = env['COSIGN_PASSWORD'] ?? '';
  maskSecrets(log, [
    ...[inputs.githubToken, inputs.credentialsJson, isKeyReference(inputs.signKey) ? '' : inputs.signKey, password],
    ...inputs.secrets.values(),
  ]);
  const outcome = await readEvent({
    env,
    readFile: (path) => readBounded(path, bounds.eventFile, 'the event file that GITHUB_EVENT_PATH names'),
    imagesGiven: inputs.images.length > 0 || inputs.shard !== '',
  });
  if (outcome.kind === 'nothing') {
    log.info(`Nothing to do: ${outcome.reason}.`);
    await finish(session, undefined);
    return 0;
  }
  const request = { inputs, event: outcome.event };
  const [{ runJob }, core] = await Promise.all([
    import('../run/job'),
    surelyNothing(inputs, outcome.event.message) ? undefined : import('@actions/core'),
  ]);
  // Handed on to `post`, which removes the folder if we are killed.
  const ended = await runJob(request, session, (folder) => core?.saveState('scratch', folder));
  const { result } = ended.report;
  if (result.kind === 'nothing') log.info(`Nothing to do: ${result.reason}.`);
  if (result.kind === 'planned') log.info(`Plan only: ${result.reason}.`);
  const exitCode = ended.error === undefined ? 0 : fail(session, ended.error);
  try {
    await finish(session, ended);
  } catch (thrown) {
    // That outputs can't be written must not hide how the run itself ended.
    return Math.max(exitCode, fail(session, thrown));
  }
  return exitCode;
}

/** Outputs and summary, also of a run that failed. */
async function finish(session: Session, ended: RunEnd | undefined): Promise<void> {
  const { env, log } = session;
  const outputs = env['GITHUB_OUTPUT'];
  if (outputs) for (const note of await writeOutputs(outputs, outputsOf(ended))) log.warning(note);
  const summary = env['GITHUB_STEP_SUMMARY'];
  // The runner does not say which inputs came from secrets; the reusable workflow does.
  const pathIsSecret = env['KFP_IMAGES_REGISTRY_PATH_IS_SECRET'] === 'true';
  // Set by the reusable workflow where another job writes one of the same run.
  const isLeftOut = env['KFP_IMAGES_NO_SUMMARY'] === 'true' && ended?.error === undefined;
  if (summary && !isLeftOut && ended !== undefined && ended.report.result.kind !== 'nothing')
    await writeSummary(summary, { ...ended.report, pathIsSecret }, session.secrets);
}

function fail({ log }: Session, thrown: unknown): number {
  if (thrown instanceof CatalogError) {
    for (const { at, text } of thrown.mistakes) log.error(text, at);
    return thrown.exitCode;
  }
  const { text, exitCode } = explain(thrown);
  log.error(text);
  return exitCode;
}
