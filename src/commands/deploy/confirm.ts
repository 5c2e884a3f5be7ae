import { createInterface } from 'node:readline/promises';
import { UsageError } from '../../errors';

/** Does a person sit at this terminal, who can be asked? */
export function canAsk(json: boolean): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && !json;
}

/**
 * Asks on the terminal; true: yes. Without one and without `--yes` it is a UsageError, so that no pipeline changes a cluster by accident.
 * A signal is a no.
 */
export async function confirm(question: string, yes: boolean, json: boolean, signal: AbortSignal): Promise<boolean> {
  if (yes) return true;
  if (!canAsk(json))
    throw new UsageError(
      `${question} Nobody can be asked here: give --yes, or look with --dry-run. Nothing was changed.`,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}
