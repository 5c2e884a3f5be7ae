import type { BuildOutcome, PlannedImage } from '../types';

/** An image of the plan, to build and bind. One that is reused takes no place among the builds. */
export interface Task extends Pick<PlannedImage, 'name' | 'action' | 'binds' | 'builtOn'> {
  /** What its last build took: a hint. */
  readonly seconds?: number | undefined;
}

/**
 * `built`: waits for what it binds; `done`: can be published. The last four are for good, though a blocked or cancelled build may still
 * be ending.
 */
type TaskState = 'queued' | 'building' | 'built' | 'binding' | 'done' | 'failed' | 'blocked' | 'cancelled';

export interface ScheduleState {
  /** The most urgent first. */
  readonly tasks: readonly Task[];
  readonly states: ReadonlyMap<string, TaskState>;
  /** Builds that have not ended, including those that were asked to. */
  readonly running: ReadonlySet<string>;
}

/** What happened to a task: its build ended, its binding ended. */
export type ScheduleEvent =
  | { readonly kind: 'built' | 'bound' | 'failed' | 'cancelled'; readonly name: string }
  /** Everything is to stop. */
  | { readonly kind: 'abort' };

export type ScheduleAction = { readonly kind: 'build' | 'bind' | 'cancel'; readonly name: string };

export interface ScheduleLimits {
  readonly maxParallel: number;
  readonly failFast: boolean;
}

interface ScheduleStep {
  readonly state: ScheduleState;
  readonly actions: readonly ScheduleAction[];
}

/** The first step: throws (a mistake of the caller) when a task needs what is not there, or itself in the end. */
export function startSchedule(tasks: readonly Task[], limits: ScheduleLimits): ScheduleStep {
  const names = new Set(tasks.map(({ name }) => name));
  for (const task of tasks) {
    const { name } = task;
    const missing = needs(task).find((needed) => !names.has(needed));
    if (missing !== undefined) throw new Error(`${name} needs ${missing}, which is not in the set`);
    if (dependantsOf(tasks, name).has(name)) throw new Error(`${name} needs itself`);
  }
  const states = new Map(tasks.map(({ name }) => [name, 'queued' as const]));
  return fill({ tasks: byUrgency(tasks), states, running: new Set() }, limits);
}

/** What an event changes, and what to do now. */
export function advance(state: ScheduleState, event: ScheduleEvent, limits: ScheduleLimits): ScheduleStep {
  const states = new Map(state.states);
  const running = new Set(state.running);
  const cancelled: ScheduleAction[] = [];
  const stop = (name: string, to: 'blocked' | 'cancelled'): void => {
    const now = states.get(name);
    if (now === 'building' || now === 'binding') cancelled.push({ kind: 'cancel', name });
    if (now !== undefined && !isFinal(now)) states.set(name, to);
  };
  if (event.kind === 'abort') {
    for (const { name } of state.tasks) stop(name, 'cancelled');
  } else {
    running.delete(event.name);
    const now = states.get(event.name);
    if (now !== undefined && !isFinal(now)) {
      states.set(event.name, event.kind === 'bound' ? 'done' : event.kind);
      if (event.kind === 'failed' || event.kind === 'cancelled') {
        for (const name of dependantsOf(state.tasks, event.name)) stop(name, 'blocked');
        if (limits.failFast && event.kind === 'failed') for (const { name } of state.tasks) stop(name, 'cancelled');
      }
    }
  }
  const filled = fill({ tasks: state.tasks, states, running }, limits);
  return { state: filled.state, actions: [...cancelled, ...filled.actions] };
}

/** Has every task come to its end, and every build ended? */
export function isOver({ states, running }: ScheduleState): boolean {
  return running.size === 0 && [...states.values()].every(isFinal);
}

/** Names of all images that carry `name`'s digest or are built on it, and of those that need these. */
function dependantsOf(tasks: readonly Task[], name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [name];
  for (let bound = waiting.pop(); bound !== undefined; bound = waiting.pop()) {
    for (const task of tasks) {
      if (!needs(task).includes(bound) || found.has(task.name)) continue;
      found.add(task.name);
      waiting.push(task.name);
    }
  }
  return found;
}

/** How the work on an image ended; undefined: it goes on. `own`: the outcome of its build and binding. */
export function outcomeIn(state: ScheduleState, name: string, own: BuildOutcome | undefined): BuildOutcome | undefined {
  const now = state.running.has(name) ? undefined : state.states.get(name);
  if (now === 'done' || now === 'failed') return own;
  const of = { name, ...(own?.logFile === undefined ? {} : { logFile: own.logFile }) };
  if (now === 'cancelled') return { ...of, kind: 'cancelled' };
  if (now !== 'blocked') return undefined;
  const stopped = [...state.states].filter(([, each]) => each === 'failed' || each === 'cancelled');
  return {
    ...of,
    kind: 'blocked',
    by: stopped.flatMap(([each]) => (dependantsOf(state.tasks, each).has(name) ? [each] : [])),
  };
}

/** Images of the set whose finished digests it carries. */
export function bindsOf({ binds }: Task): readonly string[] {
  return [...new Set(Object.values(binds))];
}

function needs(task: Task): readonly string[] {
  return [...bindsOf(task), ...(task.builtOn ?? [])];
}

function isFinal(state: TaskState): boolean {
  return state === 'done' || state === 'failed' || state === 'blocked' || state === 'cancelled';
}

/** Starts what can start: bindings whose images are done, then builds while there is room. */
function fill(
  { tasks, states: before, running: before_ }: ScheduleState,
  { maxParallel }: ScheduleLimits,
): ScheduleStep {
  const states = new Map(before);
  const running = new Set(before_);
  const actions: ScheduleAction[] = [];
  for (let changed = true; changed;) {
    changed = false;
    for (const task of tasks) {
      const { name } = task;
      const binds = bindsOf(task);
      if (states.get(name) !== 'built' || !binds.every((bound) => states.get(bound) === 'done')) continue;
      states.set(name, binds.length === 0 ? 'done' : 'binding');
      if (binds.length > 0) actions.push({ kind: 'bind', name });
      if (binds.length > 0) running.add(name);
      changed = true;
    }
  }
  const isBuild = (name: string): boolean =>
    states.get(name) !== 'binding' && tasks.some((task) => task.name === name && task.action === 'build');
  const isBuilt = (name: string): boolean => ['built', 'binding', 'done'].includes(states.get(name) ?? '');
  for (const { name, action, builtOn = [] } of tasks) {
    const reuse = action === 'reuse';
    if (states.get(name) !== 'queued' || (!reuse && !builtOn.every(isBuilt))) continue;
    if (!reuse && [...running].filter(isBuild).length >= Math.max(1, maxParallel)) continue;
    states.set(name, 'building');
    running.add(name);
    actions.push({ kind: 'build', name });
  }
  return { state: { tasks, states, running }, actions };
}

/** Binding takes about this long: three requests. */
const bindSeconds = 1;

/**
 * The image first after whose start most time passes until the set is done: its own build, then the bindings that wait for it. With times
 * of an earlier run that is the longest one; without, all count alike, and those that others bind come first.
 */
function byUrgency(tasks: readonly Task[]): readonly Task[] {
  const known = tasks.flatMap(({ seconds }) => (seconds === undefined ? [] : [seconds])).sort((a, b) => a - b);
  const usual = known[Math.floor(known.length / 2)] ?? 1;
  // Each image once: many paths lead to it where many bind many.
  const counted = new Map<string, number>();
  const bindings = (name: string): number => {
    const before = counted.get(name);
    if (before !== undefined) return before;
    const above = tasks.filter((task) => needs(task).includes(name)).map((task) => 1 + bindings(task.name));
    const most = Math.max(0, ...above);
    counted.set(name, most);
    return most;
  };
  const urgency = new Map(
    tasks.map(({ name, seconds }) => [name, (seconds ?? usual) + bindings(name) * bindSeconds] as const),
  );
  return [...tasks].sort((a, b) => (urgency.get(b.name) ?? 0) - (urgency.get(a.name) ?? 0));
}
