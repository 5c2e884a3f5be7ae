import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../src/system/exec';

/* The deploy targets of templates/Makefile, with a program in place of kfp-images that prints its arguments. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfp-images-makefile-'));
  const program = join(folder, 'kfp-images');
  await writeFile(program, '#!/bin/sh\nprintf "<%s>" "$@"\n');
  await chmod(program, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const make = (target: string, env: Readonly<Record<string, string>>) =>
  run({
    command: 'make',
    args: ['--no-print-directory', '-f', join(__dirname, '..', '..', 'templates', 'Makefile'), target],
    cwd: folder,
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...env },
    unset: ['REGISTRY_PATH', 'COMMIT', 'NAMESPACE', 'CONTEXT', 'YES', 'DRY_RUN', 'MAKEFLAGS', 'MAKELEVEL'],
  });

test.each([
  ['apiserver', { REGISTRY_PATH: 'h.example.com//p/' }, '<deploy><apiserver><--registry-path><h.example.com//p/>'],
  [
    'all',
    { REGISTRY_PATH: 'h.example.com/p', COMMIT: 'abc' },
    '<deploy><--registry-path><h.example.com/p><--commit><abc>',
  ],
  [
    'controller',
    { REGISTRY_PATH: 'h/$(touch x) `touch x`', NAMESPACE: 'n', CONTEXT: 'a b', YES: '1', DRY_RUN: '1' },
    '<deploy><controller><--registry-path><h/$(touch x) `touch x`><--namespace><n><--context><a b><--yes><--dry-run>',
  ],
  ['rollback', { YES: '1' }, '<rollback><--yes>'],
  ['status', { NAMESPACE: 'n' }, '<status><--namespace><n>'],
])('make %s %j', async (target, env, printed) => {
  expect(await make(target, env)).toMatchObject({ exitCode: 0, stdout: printed });
});

test('without REGISTRY_PATH it says what is missing', async () => {
  const { exitCode, stderr } = await make('apiserver', {});
  expect(exitCode).toBe(2);
  expect(stderr).toContain('REGISTRY_PATH=LOCATION-docker.pkg.dev/PROJECT/REPOSITORY make apiserver');
});
