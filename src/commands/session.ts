import { InterruptedError } from '../errors';
import { noPaint, paintFor, type Paint } from '../report/paint';
import { githubReporter, terminalReporter, type Reporter } from '../report/reporter';

/** What every command has: where words go, what must not be in them, and when to stop. */
export interface Session extends Reporter {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** For results on standard output. */
  readonly paint: Paint;
  /** Aborted, with an InterruptedError as reason, on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Takes the signal handlers away again. */
  close(): void;
}

/** A session inside GitHub Actions: words and workflow commands on standard output. */
export function actionSession(env: NodeJS.ProcessEnv = process.env): Session {
  return { ...githubReporter(process.stdout), env, cwd: process.cwd(), paint: noPaint, ...signals() };
}

/** A session on a terminal: words for people on standard error, results on standard output. */
export function terminalSession(debug: boolean, env: NodeJS.ProcessEnv = process.env): Session {
  const paint = paintFor(process.stdout, env);
  return { ...terminalReporter(process.stderr, env, debug), env, cwd: process.cwd(), paint, ...signals() };
}

function signals(): Pick<Session, 'signal' | 'close'> {
  const controller = new AbortController();
  const stop = (name: 'SIGINT' | 'SIGTERM') => (): void => controller.abort(new InterruptedError(name));
  const handlers = { SIGINT: stop('SIGINT'), SIGTERM: stop('SIGTERM') };
  process.on('SIGINT', handlers.SIGINT).on('SIGTERM', handlers.SIGTERM);
  return {
    signal: controller.signal,
    close: () => void process.off('SIGINT', handlers.SIGINT).off('SIGTERM', handlers.SIGTERM),
  };
}
