import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellWords } from '../../src/report/shellWords';
import { Screen } from '../report/sinks';

/** A program on a real terminal (a pseudo-terminal of the kernel, by `script` of util-linux, which Debian and Ubuntu always have). */
export interface OnTerminal {
  /** Types, as a keyboard does: `\x03` is Ctrl-C, `\x04` Ctrl-D, `\r` the return key. */
  type(text: string): void;
  /** Waits until the program has shown a text; throws with what it has shown when it ends before. */
  until(text: string): Promise<void>;
  readonly ended: Promise<TerminalEnd>;
}

/**
 * How it ended: the exit status, all bytes that came, and what is on the screen and above it. Reading `screen` throws on a control
 * sequence that no live line needs.
 */
export interface TerminalEnd {
  readonly exitCode: number;
  readonly bytes: string;
  readonly screen: string;
}

const frame = { columns: 100, rows: 30 };

/** Starts one of 100 columns and 30 rows. Variables that are undefined are taken out of the environment. */
export function onTerminal(
  command: { readonly command: string; readonly args: readonly string[] },
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string | undefined>> },
): OnTerminal {
  const line = `stty cols ${frame.columns} rows ${frame.rows} && exec ${shellWords(command)}`;
  const child = spawn(
    'script',
    ['--quiet', '--return', '--flush', '--echo', 'always', '--command', line, '/dev/null'],
    {
      cwd: options.cwd,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, SHELL: '/bin/sh', TERM: 'xterm-256color', NO_COLOR: undefined, ...options.env },
    },
  );
  let bytes = '';
  let isOver = false;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (bytes += chunk));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<TerminalEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      isOver = true;
      resolve({
        exitCode: code ?? -1,
        bytes,
        get screen() {
          return screenOf(bytes);
        },
      });
    });
  });
  return {
    type: (text) => void child.stdin.write(text),
    until: async (text) => {
      while (!bytes.includes(text)) {
        if (isOver) throw new Error(`It ended without ${JSON.stringify(text)}:\n${bytes}`);
        await sleep(10);
      }
    },
    ended,
  };
}

/** What the bytes draw. */
function screenOf(bytes: string): string {
  const screen = new Screen(frame.columns, frame.rows);
  screen.write(bytes);
  return screen.text;
}
