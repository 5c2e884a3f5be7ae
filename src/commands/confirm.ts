import { createInterface } from 'node:readline/promises';
import { InterruptedError, UsageError } from '../errors';

/** Does a person sit at this terminal, who can be asked? */
function canAsk(json: boolean): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && !json;
}

/**
 * Asks on the terminal; true: yes. Without one and without `--yes` it is a UsageError, so that no pipeline changes a cluster by accident.
 * A signal and the end of input (Ctrl-D) are a no. Throws InterruptedError for Ctrl-C, which a terminal in readline's hands
 * gives as a key, not as a signal. https://nodejs.org/api/readline.html#event-sigint
 */
export async function confirm(question: string, yes: boolean, json: boolean, signal: AbortSignal): Promise<boolean> {
  if (yes) return true;
  if (!canAsk(json))
    throw new UsageError(
      `${question} Nobody can be asked here: give --yes, or look with --dry-run. Nothing was changed.`,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new InterruptedError('SIGINT')));
      terminal.once('close', () => resolve(false));
      terminal.question(`${question} [y/N] `, { signal }).then(
        (answer) => resolve(/^y(es)?$/i.test(answer.trim())),
        () => resolve(false),
      );
    });
  } finally {
    terminal.close();
  }
}
