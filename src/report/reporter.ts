import type { Writable } from 'node:stream';
import type { Sources } from './annotations';
import { GroupProgress } from './groupProgress';
import { LiveProgress } from './liveProgress';
import { LiveScreen } from './liveScreen';
import { githubLog, terminalLog, type MaskingLog } from './log';
import { isInteractive, paintFor } from './paint';
import { PlainProgress } from './plainProgress';
import { printedLine } from './escape';
import { cleaning, LinePrinter, type Clean, type Printer } from './printer';
import type { Progress } from './progress';
import { Secrets } from './secrets';

/** A stream that may be a terminal: `process.stderr`. */
type TerminalOutput = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** Where a run reports to people: one log, and the progress that goes with it. */
export interface Reporter {
  readonly log: MaskingLog;
  readonly secrets: Secrets;
  /** Prints a line beside the log, above live lines. Whatever is in it, it is made safe here. */
  readonly printer: Printer;
  /** Shows builds until it is closed. */
  progress(sources: Sources): Progress;
}

/**
 * Inside GitHub Actions everything goes to one stream, standard output, because the runner reads two in no certain order. GitHub
 * debug lines are always written; the runner shows them in debug runs.
 */
export function githubReporter(stdout: Writable): Reporter {
  const secrets = new Secrets();
  const printer = new LinePrinter(stdout);
  const log = githubLog({ printer, secrets });
  return {
    log,
    secrets,
    // Workflow commands are the log's and the progress's own.
    printer: cleaning(printer, cleanFor(secrets)),
    progress: (sources) => new GroupProgress({ printer, log, secrets, sources }),
  };
}

/** How every line is made safe that is printed: free of the secrets known by then, and of what a terminal or a runner would obey. */
function cleanFor(secrets: Secrets): Clean {
  return (line) => printedLine(secrets.redact(line));
}

/** On a terminal or in a pipe. Words for people go to standard error, so that standard output holds results only. */
export function terminalReporter(stderr: TerminalOutput, env: NodeJS.ProcessEnv, debug: boolean): Reporter {
  const secrets = new Secrets();
  const paint = paintFor(stderr, env);
  if (!isInteractive(stderr, env)) {
    const printer = cleaning(new LinePrinter(stderr), cleanFor(secrets));
    const log = terminalLog({ printer, secrets, paint, debug });
    return {
      log,
      secrets,
      printer,
      progress: (sources) => new PlainProgress({ printer, secrets, sources }),
    };
  }
  const screen = new LiveScreen(stderr, cleanFor(secrets));
  const log = terminalLog({ printer: screen, secrets, paint, debug });
  return {
    log,
    secrets,
    printer: screen,
    progress: (sources) => new LiveProgress({ screen, secrets, paint, sources }),
  };
}
