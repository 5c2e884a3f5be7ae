import { text } from 'node:stream/consumers';
import { message } from '../../src/errors';
import type { Log } from '../../src/types';
import { takePart, type Part, type Played } from './client';

/* One run of the fault suite as a process of its own: its part on standard input, what it has to tell on standard output. */

/** As JSON: an error is its text. */
function plain(played: Played): unknown {
  return { ...played, error: played.error === undefined ? undefined : message(played.error) };
}

async function main(): Promise<void> {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      received ??= name;
      controller.abort();
    });
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const log: Log = { debug: say, info: say, warning: say, error: say };
  const part = JSON.parse(await text(process.stdin)) as Part;
  const played = await takePart(part, controller.signal, log);
  process.stdout.write(JSON.stringify(plain(played)));
  const isGood = played.kind === 'published' || played.kind === 'unchanged';
  process.exitCode = played.kind === 'stopped' ? (received === 'SIGINT' ? 130 : 143) : isGood ? 0 : 1;
}

void main();
