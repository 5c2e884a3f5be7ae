import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../src/system/exec';

/* Each thing taken away that makes a deploy true: with any of them gone, runs.kfp.ts has to fail, by the test that is for it. */

const changes = [
  {
    name: 'V2_DRIVER_IMAGE is not set',
    file: 'src/deploy/targets.ts',
    from: 'const env = Object.entries(image.bind)',
    to: "const env = Object.entries(image.bind).filter(([variable]) => variable !== 'V2_DRIVER_IMAGE')",
    finds: 'after a deploy new, recurring and retried runs name the digests of the set',
  },
  {
    name: 'V2_LAUNCHER_IMAGE is not set',
    file: 'src/deploy/targets.ts',
    from: 'const env = Object.entries(image.bind)',
    to: "const env = Object.entries(image.bind).filter(([variable]) => variable !== 'V2_LAUNCHER_IMAGE')",
    finds: 'after a deploy new, recurring and retried runs name the digests of the set',
  },
  {
    name: 'a deploy does not wait for the renewal',
    file: 'src/deploy/renewal.ts',
    from: 'const end = Date.now() + wait.timeoutMs;',
    to: 'const end = Date.now();',
    finds: 'after a deploy new, recurring and retried runs name the digests of the set',
  },
  {
    name: 'failed runs are not looked at',
    file: 'src/deploy/storedRuns.ts',
    from: 'failed: failed.items,',
    to: 'failed: [],',
    finds: 'status names the failed run that a retry would start with what it was compiled with, and so it does',
  },
  {
    name: 'the apiserver is not bound',
    file: 'src/builder/bindImage.ts',
    from: 'const bound = await bindAny(registry, repository, digest, env, notes, 1);',
    to: 'const bound = await bindAny(registry, repository, digest, {}, notes, 1);',
    finds: 'where the Deployment has no variables, what is bound into the image counts',
    only: 'where the Deployment has no variables',
  },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfp-images-mutants-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(changes)('$name', async ({ name, file, from, to, finds, only = '' }) => {
  const top = join(folder, name.replaceAll(' ', '-'));
  await mkdir(top);
  const parts = ['src', '__tests__', 'demo', 'package.json', 'tsconfig.json', 'vitest.kfp.config.mts'];
  for (const part of parts) await cp(join(process.cwd(), part), join(top, part), { recursive: true });
  await symlink(join(process.cwd(), 'node_modules'), join(top, 'node_modules'));
  const source = await readFile(join(top, file), 'utf8');
  expect(source.split(from), `${file} has once: ${from}`).toHaveLength(2);
  await writeFile(join(top, file), source.replace(from, to));
  const outfile = join(top, 'dist', 'cli', 'index.js');
  const entryPoints = [join(top, 'src', 'cli.ts')];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', target: 'node24', format: 'cjs' });

  const report = join(top, 'report.json');
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const flags = ['--config=vitest.kfp.config.mts', '--bail=1', '--reporter=json', `--outputFile=${report}`];
  const { exitCode, stderr } = await run({
    command: process.execPath,
    args: [vitest, 'run', ...flags, ...(only === '' ? [] : [`--testNamePattern=${only}`]), 'runs.kfp.ts'],
    cwd: top,
    unset: Object.keys(process.env).filter((variable) => variable.startsWith('VITEST')),
  });
  expect(exitCode, stderr).not.toBe(0);
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  const failed = testResults.flatMap(({ assertionResults }) => assertionResults).filter(hasFailed);
  expect(
    failed.map(({ title }) => title),
    stderr,
  ).toEqual([finds]);
});

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly Result[] }[];
}

interface Result {
  readonly title: string;
  readonly status: string;
}

const hasFailed = ({ status }: Result): boolean => status === 'failed';
