import type { BuildEvent, BuildOutcome } from '../types';
import { isDockerfileStep } from '../docker/buildSteps';

interface RunningStep {
  readonly name: string;
  readonly since: number;
}

/** The state of the work on one image. Times are milliseconds since the epoch. */
export interface ImageState {
  readonly name: string;
  readonly phase: 'queued' | 'running' | 'finished';
  readonly since: number;
  /** The step that started last of those that run; BuildKit's own housekeeping only when nothing else runs. */
  readonly step: RunningStep | undefined;
  readonly stepsDone: number;
  readonly stepsCached: number;
  readonly outcome: BuildOutcome | undefined;
}

interface Entry {
  phase: ImageState['phase'];
  since: number;
  readonly running: Map<string, RunningStep>;
  readonly done: Set<string>;
  cached: number;
  outcome: BuildOutcome | undefined;
}

/** More steps than a Dockerfile has; beyond them nothing is remembered. */
const MOST_STEPS = 2_000;

/** What is known of all images while they are built. Names and step names are as they came: not safe to print. */
export class BuildState {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** All images, in the order in which they were queued. */
  get images(): readonly ImageState[] {
    return [...this.#entries].map(([name, entry]) => ({
      name,
      phase: entry.phase,
      since: entry.since,
      step: currentStep(entry.running),
      stepsDone: entry.done.size,
      stepsCached: entry.cached,
      outcome: entry.outcome,
    }));
  }

  queued(name: string): void {
    this.#entry(name);
  }

  started(name: string): void {
    const entry = this.#entry(name);
    entry.phase = 'running';
    entry.since = this.#now();
  }

  event(name: string, event: BuildEvent): void {
    if (event.kind !== 'step') return;
    const { running, done } = this.#entry(name);
    if (event.state === 'running') {
      if (running.size < MOST_STEPS) running.set(event.id, { name: event.name, since: event.startedAt ?? this.#now() });
      return;
    }
    running.delete(event.id);
    if (!isDockerfileStep(event.name) || done.has(event.id) || done.size >= MOST_STEPS) return;
    done.add(event.id);
    if (event.state === 'cached') this.#entry(name).cached += 1;
  }

  finished(outcome: BuildOutcome): void {
    const entry = this.#entry(outcome.name);
    entry.phase = 'finished';
    entry.since = this.#now();
    entry.outcome = outcome;
    entry.running.clear();
  }

  #entry(name: string): Entry {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const entry: Entry = {
      phase: 'queued',
      since: this.#now(),
      running: new Map(),
      done: new Set(),
      cached: 0,
      outcome: undefined,
    };
    this.#entries.set(name, entry);
    return entry;
  }
}

function currentStep(running: ReadonlyMap<string, RunningStep>): RunningStep | undefined {
  const steps = [...running.values()];
  return steps.findLast((step) => !isHousekeeping(step.name)) ?? steps.at(-1);
}

/** Steps that BuildKit adds: `[internal] load build definition`, `resolve image config`, … */
function isHousekeeping(name: string): boolean {
  return !/^\[(?:[^\]]+ )?\d+\/\d+\] /.test(name) && !name.startsWith('exporting') && !name.startsWith('pushing');
}
