import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InterruptedError } from '../../src/errors';
import { createTriggerFork, failing, stageAllKinds, type State, type TriggerFork } from './triggerFork';

let fork: TriggerFork;
let before: State;
beforeEach(async () => {
  fork = await createTriggerFork();
  before = await stageAllKinds(fork);
});
afterEach(() => fork.remove());

describe('interrupted', () => {
  const slow = (name: string): string => `touch "${join(fork.folder, name)}"; sleep 30`;

  async function abortWhen(file: string, signal: 'SIGINT' | 'SIGTERM'): Promise<Error> {
    const controller = new AbortController();
    const failed = failing(fork.trigger({}, { signal: controller.signal }));
    while (!existsSync(join(fork.folder, file))) await sleep(20);
    controller.abort(new InterruptedError(signal));
    return failed;
  }

  test.each([
    ['in the commit', 'pre-commit', 130, 'Nothing was committed'],
    ['before the push', 'pre-push', 143, 'HEAD and the index are as before'],
  ] as const)('%s', async (_name, hook, exitCode, text) => {
    await fork.hook(fork.clone, hook, slow('started'));
    const error = await abortWhen('started', exitCode === 130 ? 'SIGINT' : 'SIGTERM');
    expect(error).toMatchObject({ exitCode });
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error.message).toContain(text);
    expect({ ...(await fork.state()), indexSha256: '' }).toEqual({ ...before, indexSha256: '' });
    expect(existsSync(join(fork.clone, '.git', 'index.lock'))).toBe(false);
  });

  test('while the server works: nothing arrived, everything is as before', async () => {
    await fork.hook(fork.origin, 'pre-receive', slow('started'));
    const error = await abortWhen('started', 'SIGINT');
    expect(error.message).toContain('HEAD and the index are as before');
    expect(await fork.state()).toEqual(before);
    expect(await fork.remoteHead('main')).toBe(before.head);
  });

  test('after the commit arrived: it stays, and that is said', async () => {
    // Which git lists as well, where it is asked for main.
    await fork.git('push', '--quiet', 'origin', 'HEAD:refs/heads/a/refs/heads/main');
    await fork.hook(fork.origin, 'post-receive', slow('started'));
    const controller = new AbortController();
    const done = fork.trigger({}, { signal: controller.signal });
    while (!existsSync(join(fork.folder, 'started'))) await sleep(20);
    controller.abort(new InterruptedError('SIGINT'));
    const result = await done;
    expect(await fork.remoteHead('main')).toBe(result.commit);
    expect(await fork.git('rev-parse', 'HEAD')).toBe(result.commit);
    expect(fork.said).toContain('git reported a failure, but the commit has arrived.');
  });

  test('by Ctrl-C in a process of its own, which git shares', async () => {
    await fork.hook(fork.clone, 'pre-push', slow('started'));
    const child = spawn(
      process.execPath,
      [join(process.cwd(), 'script', 'ts.mjs'), join(__dirname, 'triggerProcess.ts'), fork.clone],
      { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    while (!existsSync(join(fork.folder, 'started')) && child.exitCode === null) await sleep(20);
    // What a terminal does: SIGINT to the whole foreground process group.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await ended, output).toBe(130);
    expect(output).toContain('HEAD and the index are as before');
    expect(await fork.state()).toEqual(before);
  });
});
