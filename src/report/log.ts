import type { Log, SourcePosition } from '../types';
import { clip, commandData, commandProperty, visible, withoutCommand } from './escape';
import type { Printer } from './printer';
import { runnerMasks, type Secrets } from './secrets';
import type { Paint } from './paint';

/** The runner cuts annotations at 4096 characters: https://github.com/actions/runner/blob/main/src/Runner.Worker/ExecutionContext.cs */
const LONGEST_ANNOTATION = 4000;

/** A log that also learns of secrets. All text it prints is free of those it knows. */
export interface MaskingLog extends Log {
  mask(secret: string): void;
}

/** What every kind of log needs. */
interface LogOptions {
  readonly printer: Printer;
  readonly secrets: Secrets;
}

/**
 * The log inside GitHub Actions: warnings and errors become annotations, debug lines are shown when the run is a debug run.
 * The commands are written out here, as documented, because loading @actions/core costs 100 ms for its HTTP client:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function githubLog({ printer, secrets }: LogOptions): MaskingLog {
  const annotate = (command: 'warning' | 'error', text: string, at: SourcePosition | undefined): void => {
    const message = clip(secrets.redact(text).trim(), LONGEST_ANNOTATION);
    printer.print(`::${command}${position(at, secrets)}::${commandData(message)}`);
  };
  return {
    debug: (line) => printer.print(`::debug::${commandData(secrets.redact(line))}`),
    info: (text) => printLines(printer, secrets.redact(text), (line) => withoutCommand(line)),
    warning: (text, at) => annotate('warning', text, at),
    error: (text, at) => annotate('error', text, at),
    mask: (secret) => {
      // The runner hides it in all that follows, in every step and in the summary.
      const fresh = new Set(secrets.add(secret));
      const masks = runnerMasks(secret).filter((mask) => fresh.has(mask));
      for (const mask of masks) printer.print(`::add-mask::${commandData(mask)}`);
    },
  };
}

/** The log on a terminal, in a pipe, and beside `--json` (there the printer writes to stderr). Debug lines only if asked for. */
export function terminalLog({
  printer,
  secrets,
  paint,
  debug,
}: LogOptions & { paint: Paint; debug: boolean }): MaskingLog {
  const say = (text: string, label: string): void =>
    printLines(printer, secrets.redact(text), (line, index) => (index === 0 ? `${label}${line}` : `  ${line}`));
  return {
    debug: (line) => {
      if (debug) printLines(printer, secrets.redact(line), (each) => paint.dim(each));
    },
    info: (text) => printLines(printer, secrets.redact(text), (line) => line),
    warning: (text, at) => say(`${place(at)}${text.trim()}`, `${paint.yellow('warning:')} `),
    error: (text, at) => say(`${place(at)}${text.trim()}`, `${paint.red('error:')} `),
    mask: (secret) => void secrets.add(secret),
  };
}

/**
 * Makes secrets unreadable in everything that is printed from now on: here (also as base64), and on GitHub by the runner.
 * To be called before anything else sees them.
 */
export function maskSecrets(log: MaskingLog, secrets: readonly string[]): void {
  for (const secret of secrets) log.mask(secret);
}

function printLines(printer: Printer, text: string, show: (line: string, index: number) => string): void {
  const lines = text.split(/\r\n|\n|\r/);
  lines.forEach((line, index) => printer.print(show(visible(line), index)));
}

function position(at: SourcePosition | undefined, secrets: Secrets): string {
  if (at === undefined) return '';
  const column = at.column === undefined ? '' : `,col=${String(at.column)}`;
  return ` file=${commandProperty(secrets.redact(at.file))},line=${String(at.line)}${column}`;
}

function place(at: SourcePosition | undefined): string {
  if (at === undefined) return '';
  return `${at.file}:${String(at.line)}${at.column === undefined ? '' : `:${String(at.column)}`}: `;
}
