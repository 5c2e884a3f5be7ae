import { expect, test } from 'vitest';
import { run } from '../../src/system/exec';

/* script/kfp where it can't do its work. What it does where it can is `make test-kfp`. */

const kfp = (args: readonly string[], env: Readonly<Record<string, string>> = {}): ReturnType<typeof run> =>
  run({
    command: 'script/kfp',
    args,
    env,
    ...(env['KFP_APISERVER'] === undefined ? { unset: ['KFP_APISERVER'] } : {}),
  });

test.each([['check'], ['run', '--', 'true']])('says in one line what it needs: %s', async (...args) => {
  const { exitCode, stdout, stderr } = await kfp(args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(/^kfp: KFP_APISERVER=FILE is needed: .*`go build -o FILE \.\/backend\/src\/apiserver`.*\n$/);
});

test('refuses what is no program, and wrong usage', async () => {
  const given = await kfp(['check'], { KFP_APISERVER: 'package.json' });
  expect(given).toMatchObject({ exitCode: 2, stderr: 'kfp: KFP_APISERVER=package.json is not a program\n' });
  expect((await kfp(['run'])).stderr).toBe('kfp: give a command after -- (see script/kfp --help)\n');
  expect((await kfp(['fly'])).exitCode).toBe(2);
});
