import { LiveScreen } from '../../report/liveScreen';
import { cleanLine } from '../../report/cleanLines';
import { paintFor } from '../../report/paint';
import type { Session } from '../session';
import { jobLine, jobState, liveLines, runName, type Followed } from './format';

/** Shows runs while they go on. */
export interface Show {
  show(followed: readonly Followed[]): void;
  /** Leaves the last state standing. */
  end(): void;
}

/** On a terminal a line for each job, redrawn in place, with its seconds; elsewhere a line whenever one changes. */
export function showRuns(session: Pick<Session, 'printer' | 'env' | 'secrets'>): Show {
  const { printer } = session;
  return printer instanceof LiveScreen ? live(printer, session) : plain(session);
}

function live(screen: LiveScreen, { env }: Pick<Session, 'env'>): Show {
  const paint = paintFor(process.stderr, env);
  let last: readonly Followed[] = [];
  const draw = (): void => {
    if (last.length > 0) screen.draw(liveLines(last, screen.frame, Date.now(), paint));
  };
  const timer = setInterval(draw, 1000);
  timer.unref();
  const stopListening = screen.onResize(draw);
  return {
    show: (followed) => {
      last = followed;
      draw();
    },
    end: () => {
      clearInterval(timer);
      stopListening();
      screen.settle();
    },
  };
}

function plain({ printer, secrets }: Pick<Session, 'printer' | 'secrets'>): Show {
  const said = new Map<string, string>();
  const say = (key: string, state: string, line: string): void => {
    if (said.get(key) === state) return;
    said.set(key, state);
    printer.print(cleanLine(line, secrets));
  };
  return {
    show: (followed) => {
      for (const { run, jobs } of followed) {
        say(`run ${run.id}`, String(run.attempt), `${runName(run)}  ${run.url}`);
        for (const job of jobs) say(`job ${job.id}`, jobState(job), jobLine(job, Date.now()));
      }
    },
    end: () => undefined,
  };
}
