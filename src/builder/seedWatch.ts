import type { BuildEvent } from '../types';

/**
 * Ends a build whose seed does not come: an engine that gets other bytes than the registry promised tries for minutes, and it is a cache only.
 */
interface SeedWatch {
  /** Aborted by the run's own signal, and when a pull takes too long. */
  readonly signal: AbortSignal;
  readonly event: (event: BuildEvent) => void;
  /** Has it ended the build? */
  readonly gaveUp: () => boolean;
  end(): void;
}

/**
 * Watches the steps that pull images whose names begin with `prefix`; one that takes longer than `limitMs` is given up.
 */
export function watchSeeds(prefix: string, limitMs: number, signal: AbortSignal): SeedWatch {
  const controller = new AbortController();
  const timers = new Map<string, NodeJS.Timeout>();
  let gaveUp = false;
  const stop = (id: string): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    event: (event) => {
      if (event.kind !== 'step' || !event.name.includes(prefix)) return;
      stop(event.id);
      if (event.state !== 'running') return;
      const late = (): void => {
        gaveUp = true;
        controller.abort();
      };
      timers.set(event.id, setTimeout(late, limitMs));
    },
    gaveUp: () => gaveUp,
    end: () => {
      for (const id of [...timers.keys()]) stop(id);
    },
  };
}
