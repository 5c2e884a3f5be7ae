import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../src/system/exec';

/** The engine that `script/engine run` started for this run alone: it may be stopped and started again. */
export interface PrivateEngine {
  /** Sends the daemon this signal, and waits for its end. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** As it was started before; settles when it answers. */
  start(): Promise<void>;
}

/**
 * undefined: the engine is a machine's own, one that others may use at the same time (`script/engine start`), or one in which the registry of
 * a test would run.
 */
export async function privateEngine(): Promise<PrivateEngine | undefined> {
  const folder = process.env['KFP_IMAGES_ENGINE'] ?? '';
  const record = join(folder, 'dockerd.pid');
  const isRecorded = await readFile(record).catch(() => undefined);
  if (isRecorded === undefined || process.env['KFP_IMAGES_REGISTRY_BIN'] === undefined) return undefined;
  const staying = await realpath(join(folder, '../../current')).catch(() => '');
  if (staying === (await realpath(folder))) return undefined;

  const pid = async (): Promise<string> => (await readFile(record, 'utf8')).trim();
  const about = async (name: 'cmdline' | 'environ'): Promise<readonly string[]> =>
    (await readFile(`/proc/${await pid()}/${name}`, 'utf8')).split('\0').filter((text) => text !== '');
  const [program, args, variables] = await Promise.all([
    readlink(`/proc/${await pid()}/exe`),
    about('cmdline'),
    about('environ'),
  ]);
  const env = Object.fromEntries(
    variables.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );
  return {
    stop: async (signal) => {
      const id = await pid();
      process.kill(Number(id), signal);
      while (await isRunning(id)) await sleep(20);
    },
    start: async () => {
      const log = openSync(join(folder, 'dockerd.log'), 'a');
      const child = spawn(program, args.slice(1), { env, detached: true, stdio: ['ignore', log, log] });
      closeSync(log);
      await once(child, 'spawn');
      child.unref();
      // Who ends the engine at the end of it all looks here.
      await writeFile(record, `${child.pid}\n`);
      for (let tries = 0; (await run({ command: 'docker', args: ['version'] })).exitCode !== 0; tries += 1) {
        if (tries === 2400) throw new Error(`The engine does not start again: see ${folder}/dockerd.log`);
        await sleep(100);
      }
    },
  };
}

/** A zombie has ended. */
async function isRunning(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}
