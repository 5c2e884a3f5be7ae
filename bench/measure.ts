import { readFile } from 'node:fs/promises';
import { stream } from '../src/system/exec';
import type { Command } from '../src/types';

/** One program from its start to its end. */
export interface Measured {
  /** Wall clock. */
  readonly seconds: number;
  /** The most memory the program itself held (VmHWM: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html), MB of 10⁶ bytes; children do not count. */
  readonly peakMB: number;
  readonly stdout: string;
}

const keptBytes = 1_000_000;
const pollMs = 20;

/** Runs a program to its end. Throws, with the end of what it said, when it fails. */
export async function measure(command: Command): Promise<Measured> {
  let peakMB = 0;
  let timer: NodeJS.Timeout | undefined;
  const stdout: Buffer[] = [];
  let kept = 0;
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-4000);
  };
  const start = process.hrtime.bigint();
  try {
    const exitCode = await stream(command, {
      onStart: (pid) => {
        timer = setInterval(() => {
          void peak(pid).then((now) => {
            peakMB = Math.max(peakMB, now);
          });
        }, pollMs);
      },
      onStdout: (chunk) => {
        hear(chunk);
        if (kept < keptBytes) stdout.push(chunk);
        kept += chunk.length;
      },
      onStderr: hear,
    });
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    if (exitCode !== 0)
      throw new Error(`${command.command} ${command.args.join(' ')} ended with ${exitCode}:\n${said}`);
    return { seconds, peakMB, stdout: Buffer.concat(stdout).toString('utf8') };
  } finally {
    clearInterval(timer);
  }
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

async function peak(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? 0 : (Number(kibibytes) * 1024) / 1e6;
}
