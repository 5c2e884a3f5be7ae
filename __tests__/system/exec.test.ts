import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bounds, inWords } from '../../src/system/bounds';
import { capture, run } from '../../src/system/exec';
import { childrenWith } from '../../src/system/processes';

/* What everything that starts a program relies on. */

const sh = (script: string, input?: string) =>
  run({ command: 'sh', args: ['-c', script], ...(input === undefined ? {} : { input }) });

test('the last line counts without a line feed', async () => {
  expect(await sh('printf "one\\ntwo"; printf "three\\nfour" >&2')).toEqual({
    exitCode: 0,
    stdout: 'one\ntwo',
    stderr: 'three\nfour',
  });
});

test('a child that was killed has a status, and it is not 0', async () => {
  const { exitCode } = await sh('printf before; kill -9 $$');
  expect(exitCode).toBeGreaterThan(0);
});

test('a child that reads nothing is judged by its status, not by the broken pipe', async () => {
  const much = 'x'.repeat(4 * 2 ** 20);
  expect((await sh('exit 0', much)).exitCode).toBe(0);
  expect((await sh('exit 3', much)).exitCode).toBe(3);
  // Nothing is thrown later either.
  await new Promise((resolve) => setTimeout(resolve, 200));
});

describe('what a child says', () => {
  const { commandOutput, shortOutput } = bounds;
  const ways: readonly (readonly [string, number, (script: string) => Promise<{ stdout: string | Buffer }>])[] = [
    ['run', shortOutput, (script) => sh(script)],
    ['run with an input', commandOutput, (script) => sh(script, 'in')],
    ['capture', commandOutput, (script) => capture({ command: 'sh', args: ['-c', script] })],
  ];

  test.each(ways)('%s: %s bytes are kept, in one line too', async (_, most, call) => {
    expect((await call(`head -c ${String(most)} /dev/zero | tr '\\0' x`)).stdout).toHaveLength(most);
  });

  test.each(ways)(
    '%s: a child that never ends to speak is ended above %s, and it is an error',
    async (_, most, call) => {
      const mark = `mark-${randomUUID()}`;
      // A shell that waits for it: what it started has to go too.
      await expect(call(`yes ${mark} >&2; true`)).rejects.toThrow(
        new RegExp(`^"sh -c yes mark-.*" said more than ${inWords(most)}, which is too much to be read\\.$`),
      );
      // The system takes a moment for what was killed.
      await expect.poll(() => childrenWith(['yes', mark]), { timeout: 60_000 }).toEqual([]);
    },
  );

  test('a program without arguments too', async () => {
    await expect(run({ command: 'yes', args: [] })).rejects.toThrow('"yes" said more than 8 MiB');
  });
});
