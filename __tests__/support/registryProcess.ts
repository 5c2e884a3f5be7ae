import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A registry that answers. */
export interface RegistryProcess {
  readonly port: number;
  /** What it has said so far. */
  logs(): string;
  stop(): Promise<void>;
}

// The shell ends the registry when its input closes: that happens when this process ends, in whatever way.
const withThisProcess =
  'exec 3<&0; "$@" 3<&- & child=$!; (cat <&3 >/dev/null; kill "$child" 2>/dev/null) & wait "$child"';

// Registries are Go programs: fewer of its collections, and one thread for what tests ask, are a third less work.
const env = { GOGC: '400', GOMAXPROCS: '1', ...process.env };

/**
 * Starts a registry and waits until it answers, with or without asking for a login. Polls `port`; 0: the port that the
 * registry says it listens on. Throws with its log when it ends, or does not answer for minutes.
 */
export async function startRegistryProcess(command: readonly string[], port: number): Promise<RegistryProcess> {
  const child = spawn('sh', ['-c', withThisProcess, 'sh', ...command], { stdio: ['pipe', 'pipe', 'pipe'], env });
  const closed = once(child, 'close');
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const listening = (): number => (port === 0 ? Number(/listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1] ?? 0) : port);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await closed;
  };
  for (let tries = 0; !(await answers(listening())); tries += 1) {
    if (child.exitCode !== null) throw new Error(`The test registry ended with ${child.exitCode}:\n${log}`);
    if (tries === 4800) {
      await stop();
      throw new Error(`The test registry does not answer:\n${log}`);
    }
    await delay(50);
  }
  return { port: listening(), logs: () => log, stop };
}

async function answers(port: number): Promise<boolean> {
  if (port === 0) return false;
  const response = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
  await response?.body?.cancel();
  return response !== undefined && (response.status === 200 || response.status === 401);
}

/**
 * A loopback port that is free now, and that the system gives nobody on its own account: not one of those that connections and port 0 get
 * (from 32768 on), which could be gone again before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
