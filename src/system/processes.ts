import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/**
 * A process that no later one can be taken for: its id, and when it started (clock ticks since the boot that `boot`
 * names), because ids are used again. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
  readonly boot: string;
  /** The pid namespace in which `pid` is counted: a container on the same disk sees other numbers. */
  readonly namespace: string;
}

/** What a record says of a process that may have ended since. */
type Liveness = 'alive' | 'ended' | 'unknown';

interface Stat {
  readonly parent: number;
  readonly group: number;
  readonly started: string;
}

/** Who runs under `pid` now; undefined when it has ended. Without /proc (macOS) the id is all that is known. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (boot() === '') return answers(pid) ? { pid, started: '', boot: '', namespace: '' } : undefined;
  const started = stat(pid)?.started;
  return started === undefined ? undefined : { pid, started, boot: boot(), namespace: namespace() };
}

/** Does the recorded process still run? `unknown`: it was recorded in another pid namespace, or without /proc. */
export function liveness(recorded: ProcessIdentity): Liveness {
  if (recorded.boot === '') return answers(recorded.pid) ? 'unknown' : 'ended';
  if (boot() === '') return 'unknown';
  if (recorded.boot !== boot()) return 'ended';
  if (recorded.namespace !== namespace()) return 'unknown';
  return stat(recorded.pid)?.started === recorded.started ? 'alive' : 'ended';
}

/**
 * Ends the process group that the recorded process leads (SIGKILL). When the leader has ended already, those of its group
 * are ended whose environment holds `marker`, a text that only our children carry: a number alone proves nothing.
 * Gives whether anything was there to end.
 */
export function endRecordedGroup(recorded: ProcessIdentity, marker: string): boolean {
  const leader = liveness(recorded);
  // kill(-1) would mean every process there is.
  if (recorded.pid <= 1 || leader === 'unknown' || recorded.boot === '' || recorded.boot !== boot()) return false;
  if (leader === 'alive') {
    signalGroup(recorded.pid, 'SIGKILL');
    return true;
  }
  // The id is in use again: what runs under it is not ours.
  if (stat(recorded.pid) !== undefined) return false;
  const orphans = members(recorded.pid).filter((pid) => environmentHolds(pid, marker));
  for (const pid of orphans) kill(pid);
  return orphans.length > 0;
}

function stat(pid: number): Stat | undefined {
  // The second field is the program's name in brackets and may itself hold blanks and brackets.
  const text = read(`/proc/${String(pid)}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, group, started] = [fields[1], fields[2], fields[19]];
  return group === undefined || started === undefined
    ? undefined
    : { parent: Number(parent), group: Number(group), started };
}

function members(group: number): readonly number[] {
  return running().filter((pid) => stat(pid)?.group === group);
}

function running(): readonly number[] {
  return list('/proc').flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []));
}

/** The children of a process, their children, and so on; without /proc (macOS) none. */
export function descendants(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const each of running()) {
    const parent = stat(each)?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), each]);
  }
  const found: number[] = [];
  for (const open = [pid]; open.length > 0;) {
    const below = children.get(open.pop() ?? 0) ?? [];
    found.push(...below);
    open.push(...below);
  }
  return found;
}

/** Those of our children, and of theirs, whose arguments end with these; without /proc (macOS) none. */
export function childrenWith(args: readonly string[]): readonly number[] {
  const end = args.map((each) => `${each}\0`).join('');
  return descendants(process.pid).filter((pid) => read(`/proc/${String(pid)}/cmdline`).endsWith(end));
}

/** Sends a signal to a process group; one that has ended already is not a mistake. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // ESRCH: gone already.
  }
}

function environmentHolds(pid: number, marker: string): boolean {
  return marker !== '' && read(`/proc/${String(pid)}/environ`).includes(marker);
}

/** Ends a process and what it started, at once. */
export function endTree(pid: number): void {
  for (const each of [...descendants(pid), pid]) kill(each);
}

/** Ends one process at once; one that has ended already is not a mistake. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended in the meantime.
  }
}

function answers(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function boot(): string {
  return read('/proc/sys/kernel/random/boot_id').trim();
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
