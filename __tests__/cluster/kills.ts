import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, programs, type Ended } from '../run/world';
import { setOf, type RunOptions, type World } from './world';

/* Commands that are hit by signals, and what the cluster runs then. */

export const sets = { first: setOf('first'), second: setOf('second'), third: setOf('third') };
export type SetName = keyof typeof sets;

/** A command, and of which set. */
export type Line = 'rollback' | `deploy ${SetName}`;

/** What the cluster runs after each set, and before any. */
export type Wholes = Readonly<Record<SetName | 'original', unknown>>;

export async function runLine(world: World, line: Line, options: RunOptions = {}): Promise<Ended> {
  const [command, set] = line.split(' ') as ['deploy' | 'rollback', SetName | undefined];
  const flags = set === undefined ? {} : { lock: await world.lock(sets[set]) };
  return world.run(command, flags, [], options);
}

/** When to hit: once so many Deployments have changed, and so many milliseconds later. `killAfter`: SIGKILL so many after the first signal. */
export interface Moment {
  readonly changed: number;
  readonly delay: number;
  readonly killAfter: number | undefined;
}

/** Runs a command and hits it. Gives how it ended, once its last kubectl has ended too: a patch that was sent is not taken back. */
export async function hit(
  world: World,
  line: Line,
  signal: NodeJS.Signals,
  moment: Moment,
  env: NonNullable<RunOptions['env']> = {},
): Promise<Ended> {
  const old = await notes(world);
  let pid = 0;
  let isOver = false;
  const running = runLine(world, line, { env, onStart: (started) => (pid = started) }).finally(() => (isOver = true));
  const changed = async (): Promise<number> => (await notes(world)).filter((each, at) => each !== old[at]).length;
  while (pid === 0 || (moment.changed > 0 && !over() && (await changed()) < moment.changed)) await sleep(20);
  await Promise.race([sleep(moment.delay), running]);
  send(pid, signal);
  if (moment.killAfter !== undefined) {
    await Promise.race([sleep(moment.killAfter), running]);
    send(pid, 'SIGKILL');
  }
  const ended = await running;
  await noneLeft(world);
  return ended;

  function over(): boolean {
    return isOver;
  }
}

/**
 * A PATH on which kubectl makes so many patches and then no more: the next one hangs for as long as the command that wants it lives. So the
 * command is in the middle of its changes, however fast or busy the machine is.
 */
export async function pathWherePatchesHang(folder: string, patches: number): Promise<string> {
  const count = join(folder, 'patches');
  const script = [
    `real=$(PATH=\${PATH#*:} command -v kubectl)`,
    'case " $* " in *" --patch="*)',
    `  echo >>${count}`,
    `  if [ $(wc -l <${count}) -gt ${patches} ]; then while kill -0 $PPID; do sleep 0.1; done 2>/dev/null; exit 1; fi ;;`,
    'esac',
    'exec "$real" "$@"',
  ];
  return before(await programs(folder, { kubectl: script.join('\n') }));
}

/** A PATH on which kubectl makes so many patches, writes the file `waits` in the folder, and makes the next ones once there is a file `go`. */
export async function pathWherePatchesWait(folder: string, patches: number): Promise<string> {
  const count = join(folder, 'patches');
  const script = [
    `real=$(PATH=\${PATH#*:} command -v kubectl)`,
    'case " $* " in *" --patch="*)',
    `  echo >>${count}`,
    `  if [ $(wc -l <${count}) -gt ${patches} ]; then`,
    `    touch ${join(folder, 'waits')}`,
    `    while [ ! -e ${join(folder, 'go')} ] && kill -0 $PPID; do sleep 0.05; done 2>/dev/null`,
    '  fi ;;',
    'esac',
    'exec "$real" "$@"',
  ];
  return before(await programs(folder, { kubectl: script.join('\n') }));
}

/** Containers with their images and variables, without notes. */
export async function running(world: World): Promise<unknown> {
  const state = (await world.state()) as readonly { name: string; containers: unknown }[];
  return state.map(({ name, containers }) => ({ name, containers }));
}

/** What the cluster runs after the first set, with the references of another one. */
export function asIn(name: SetName, first: unknown): unknown {
  const { images, commit } = sets.first;
  const text = Object.entries(images).reduce(
    (all, [image, { digest }]) => all.replaceAll(digest, sets[name].images[image]?.digest ?? ''),
    JSON.stringify(first),
  );
  return JSON.parse(text.replaceAll(commit, sets[name].commit));
}

/** Which set it is; undefined: a mixture. */
export function setName(wholes: Wholes, state: unknown): string | undefined {
  const text = JSON.stringify(state);
  return Object.entries(wholes).find(([, whole]) => JSON.stringify(whole) === text)?.[0];
}

async function notes(world: World): Promise<readonly string[]> {
  const state = (await world.state()) as readonly { annotations: object }[];
  return state.map(({ annotations }) => JSON.stringify(annotations));
}

/** Sends a signal to a process that may just have ended. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It was faster.
  }
}

async function noneLeft({ server }: World): Promise<void> {
  while (readdirSync('/proc').some((name) => /^\d+$/.test(name) && talksTo(name, server.kubeconfig))) await sleep(5);
}

function talksTo(pid: string, kubeconfig: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`KUBECONFIG=${kubeconfig}\0`);
  } catch {
    return false;
  }
}
