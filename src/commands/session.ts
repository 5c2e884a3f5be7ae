import { writeSync } from 'node:fs';
import { InterruptedError, SourceError } from '../errors';
import { noPaint, paintFor, type Paint } from '../report/paint';
import { githubReporter, terminalReporter, type Reporter } from '../report/reporter';
import { endChildren } from '../system/exec';
import { removeOwn } from '../system/scratch';

/** What every command has: where words go, what must not be in them, and when to stop. */
export interface Session extends Reporter {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** For results on standard output. */
  readonly paint: Paint;
  /** Aborted, with an InterruptedError as reason, on SIGINT and SIGTERM. From SIGTERM on there are 1.5 s to put things right. */
  readonly signal: AbortSignal;
  /** What to say, and what to do next, where SIGTERM's time runs out while something is half done; undefined: it is over. */
  onTimeUp(words: string | undefined): void;
  /** Takes the signal handlers away again. */
  close(): void;
}

/** A session inside GitHub Actions: words and workflow commands on standard output. */
export function actionSession(env: NodeJS.ProcessEnv): Session {
  return { ...githubReporter(process.stdout), env, cwd: currentFolder(), paint: noPaint, ...signals() };
}

/** A session on a terminal: words for people on standard error, results on standard output. */
export function terminalSession(debug: boolean, env: NodeJS.ProcessEnv = process.env): Session {
  const paint = paintFor(process.stdout, env);
  return { ...terminalReporter(process.stderr, env, debug), env, cwd: currentFolder(), paint, ...signals() };
}

/** Throws SourceError where the folder that the command was started in is gone. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new SourceError(
      'The folder that this command was started in does not exist any more. Change to another one (cd).',
      {
        cause,
      },
    );
  }
}

function signals(): Pick<Session, 'signal' | 'close' | 'onTimeUp'> {
  const controller = new AbortController();
  let last: NodeJS.Timeout | undefined;
  let halfDone: string | undefined;
  const stop = (name: 'SIGINT' | 'SIGTERM') => (): void => controller.abort(new InterruptedError(name));
  const terminate = (): void => {
    stop('SIGTERM')();
    last ??= setTimeout(() => endNow(halfDone), afterSigtermMs).unref();
  };
  const handlers = { SIGINT: stop('SIGINT'), SIGTERM: terminate };
  process.on('SIGINT', handlers.SIGINT).on('SIGTERM', handlers.SIGTERM);
  return {
    signal: controller.signal,
    onTimeUp: (words) => (halfDone = words),
    close: () => {
      // `last` stays: a command may have given up a child that does not end, and that holds us.
      process.off('SIGINT', handlers.SIGINT).off('SIGTERM', handlers.SIGTERM);
    },
  };
}

/**
 * GitHub's runner follows SIGTERM by SIGKILL after 2.5 s, which would leave children and logins behind:
 * https://docs.github.com/actions/reference/workflow-cancellation-reference
 */
const afterSigtermMs = 1500;

/** Ends a process that was stopped, once its words are out: what it asked of a server that does not answer must not hold it. */
export function endIfStopped(exitCode: number): void {
  if (exitCode === new InterruptedError('SIGINT').exitCode) setTimeout(() => process.exit(), afterWordsMs).unref();
}

/** For words on their way into a pipe. */
const afterWordsMs = 1000;

/** Whatever is still under way, a child that ignores signals or a server that never answers: it ends with us, now. */
function endNow(halfDone = ''): void {
  endChildren();
  removeOwn();
  try {
    writeSync(
      process.stderr.fd,
      `error: Stopped (SIGTERM) in the middle of what was under way, and its children with it. ${halfDone}`.trimEnd() +
        '\n',
    );
  } catch {
    // Nobody reads any more.
  }
  process.exit(new InterruptedError('SIGTERM').exitCode);
}
