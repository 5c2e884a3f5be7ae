import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kfpCatalog } from '../../src/catalog/kfp';
import { UsageError } from '../../src/errors';
import { actions, example, initForkOfATest, workflow } from './initFork';

const { fork, run, read } = initForkOfATest();

describe('a fork gets', () => {
  test('a workflow that calls this kfp-images at one commit, a Makefile and an example catalog', async () => {
    const result = await run({ cwd: join(fork(), 'backend') });
    expect(actions(result)).toEqual({ [workflow]: 'written', Makefile: 'written', [example]: 'written' });
    expect(parse(await read(workflow))).toMatchObject({
      jobs: { images: { uses: `dana/kfp-images/.github/workflows/build-backend-images.yaml@${'a1'.repeat(20)}` } },
    });
    expect(result.images).toEqual([...kfpCatalog.images.keys()]);
    expect(result.todo).toEqual([
      'Say where images go: gh variable set GCP_ARTIFACT_REGISTRY_PATH --repo dana/pipelines --body LOCATION-docker.pkg.dev/PROJECT/REPOSITORY',
      'Store the key that may write there: gh secret set GCP_SA_KEY --repo dana/pipelines < key.json (or none, by workload identity: kfp-images setup-gcp --print)',
      'In a new fork Actions are off; switch them on: https://github.com/dana/pipelines/actions',
      `Commit and push: git add ${workflow} Makefile ${example} && git commit -m "Build images with kfp-images" && git push`,
    ]);
  });

  test('the same once more: nothing to do', async () => {
    await run();
    const before = await Promise.all([workflow, 'Makefile', example].map(read));
    const result = await run();
    expect(actions(result)).toEqual({ [workflow]: 'unchanged', Makefile: 'unchanged', [example]: 'unchanged' });
    expect(result.todo).toEqual([]);
    expect(await Promise.all([workflow, 'Makefile', example].map(read))).toEqual(before);
  });

  test.each([['Makefile'], ['makefile'], ['GNUmakefile']])(
    'kfp-images.mk beside its own %s, and a hint',
    async (name) => {
      await writeFile(join(fork(), name), 'all:\n\t@echo mine\n');
      const result = await run();
      expect(actions(result)['kfp-images.mk']).toBe('written');
      expect(result.todo[0]).toBe(`Add to the end of ${name}: include kfp-images.mk`);
      expect(result.todo.at(-1)).toContain(`kfp-images.mk ${example} ${name} && git commit`);
      await writeFile(join(fork(), name), 'all:\n\t@echo mine\ninclude kfp-images.mk\n');
      expect((await run()).todo).toEqual([]);
      expect(execFileSync('make', { cwd: fork(), encoding: 'utf8' })).toBe('mine\n');
      expect(execFileSync('make', ['help_images'], { cwd: fork(), encoding: 'utf8' })).toContain(
        'make build_apiserver',
      );
    },
  );
});

describe('what somebody has changed', () => {
  test('stays, and is said', async () => {
    await run();
    await writeFile(join(fork(), workflow), `${await read(workflow)}# mine\n`);
    const result = await run({ from: 'dana/kfp-images@v2' });
    expect(actions(result)).toEqual({ [workflow]: 'kept', Makefile: 'unchanged', [example]: 'unchanged' });
    expect(result.todo).toEqual([`${workflow} was changed and stays as it is; --force replaces it`]);
    expect(await read(workflow)).toContain('# mine');
  });

  test('is overwritten with --force', async () => {
    await mkdir(join(fork(), '.github', 'workflows'), { recursive: true });
    await writeFile(join(fork(), workflow), 'the old workflow\n');
    expect(actions(await run())[workflow]).toBe('kept');
    expect(actions(await run({ force: true }))[workflow]).toBe('overwritten');
    expect(await read(workflow)).not.toContain('the old workflow');
  });

  test('is not what git did to line ends, and an untouched older version is updated', async () => {
    await run();
    await writeFile(join(fork(), workflow), (await read(workflow)).replaceAll('\n', '\r\n'));
    expect(actions(await run())[workflow]).toBe('unchanged');
    expect(actions(await run({ from: 'dana/kfp-images@v2' }))[workflow]).toBe('updated');
    expect(await read(workflow)).toContain('build-backend-images.yaml@v2');
  });
});

describe('nothing is written', () => {
  test('on a dry run, which says the same', async () => {
    const dry = await run({ dryRun: true });
    expect(execFileSync('git', ['status', '--porcelain'], { cwd: fork(), encoding: 'utf8' })).toBe('');
    expect(await run()).toEqual({ ...dry, dryRun: false });
  });

  test('through a link', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'kfp-images-outside-'));
    await symlink(outside, join(fork(), '.github'));
    await expect(run({ force: true })).rejects.toThrow('.github is a symbolic link');
    expect(execFileSync('ls', ['-A', outside], { encoding: 'utf8' })).toBe('');
    await rm(outside, { recursive: true });
  });

  test('where a folder has the name of a file', async () => {
    await mkdir(join(fork(), 'Makefile'));
    await expect(run()).rejects.toThrow('Makefile is not a file');
  });

  test('outside a repository', async () => {
    await expect(run({ cwd: tmpdir() })).rejects.toThrow('not in a git repository');
  });

  test.each([
    ['dana/kfp-images'],
    ['dana@v1'],
    ['dana/x@v1\n- run: evil'],
    ['https://github.com/dana/x@v1'],
    ['d/x@-v'],
    ['OWNER/kfp-images@v1'],
  ])('with --from %j', async (origin) => {
    await expect(run({ from: origin })).rejects.toThrow(UsageError);
  });
});

describe('the Makefile', () => {
  let program: string;
  beforeEach(async () => {
    await run();
    program = join(fork(), 'record arguments.sh');
    await writeFile(program, '#!/bin/sh\nfor argument in "$@"; do printf "<%s>" "$argument"; done\n');
    await chmod(program, 0o755);
    await symlink(program, join(fork(), 'record'));
  });
  const make = (target: string, variables: readonly string[] = [], env: NodeJS.ProcessEnv = {}): string =>
    execFileSync('make', ['-s', target, 'KFP_IMAGES=./record', ...variables], {
      cwd: fork(),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    });

  test.each([
    ['build_all', 'all'],
    ['build_driver_launcher', 'driver-launcher'],
    ['build_apiserver', 'apiserver'],
    ['build_driver', 'driver'],
    ['build_launcher', 'launcher'],
    ['build_cacheserver', 'cacheserver'],
    ['build_persistenceagent', 'persistenceagent'],
    ['build_scheduledworkflow', 'scheduledworkflow'],
    ['build_viewercontroller', 'viewercontroller'],
    ['build_controller', 'controller'],
    ['build_visualization', 'visualization'],
  ])('%s triggers %s', (target, list) => {
    expect(make(target)).toBe(`<trigger><--images><${list}>`);
  });

  test('hands the flags on', () => {
    expect(make('build_all', ['ALLOW_EMPTY=1', 'SYNC=1', 'DRY_RUN=1'])).toBe(
      '<trigger><--images><all><--allow-empty><--sync><--dry-run>',
    );
  });

  test.each([
    ['It\'s $HOME, $(shell touch pwned) `touch pwned` $$ \\ "q" #x; touch pwned'],
    ['--images=evil'],
    ['%s\\n*'],
    ['two\nlines'],
  ])('hands the message %j on as it is, from the command line and the environment', async (message) => {
    const expected = `<trigger><--images><driver><--commit-message><${message}>`;
    expect(make('build_driver', [`MESSAGE=${message}`])).toBe(expected);
    expect(make('build_driver', [], { MESSAGE: message })).toBe(expected);
    await expect(read('pwned')).rejects.toThrow('ENOENT');
  });

  test('says when the program is missing', () => {
    expect(() => execFileSync('make', ['build_all', 'KFP_IMAGES=./nothing'], { cwd: fork(), stdio: 'pipe' })).toThrow(
      'kfp-images is not installed',
    );
  });

  test('lists every build target', () => {
    const help = execFileSync('make', { cwd: fork(), encoding: 'utf8' });
    expect(help.match(/build_\w+/g)).toHaveLength(11);
  });
});
