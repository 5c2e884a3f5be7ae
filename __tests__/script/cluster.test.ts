import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run, type Finished } from '../../src/system/exec';
import { programs, whereIs } from '../run/world';
import { tempDir, type TempDir } from '../support/engine';

/* script/cluster where it can't do its work. What it does where it can is `make test-cluster`. */

let folder: TempDir;
beforeEach(async () => {
  folder = await tempDir();
});
afterEach(() => folder.remove());

function cluster(args: readonly string[], path: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return run({
    command: 'script/cluster',
    args,
    env: { PATH: path, KFP_IMAGES_CLUSTER_CACHE: join(folder.path, 'cache'), ...env },
    unset: ['KFP_IMAGES_CLUSTER_LIMIT', 'KFP_IMAGES_KUBE_APISERVER'],
  });
}

/** PATH with these programs of the machine alone. */
async function only(...names: readonly string[]): Promise<string> {
  const bin = join(folder.path, 'only');
  await mkdir(bin);
  for (const name of names) await symlink(await whereIs(name), join(bin, name));
  return bin;
}

/** PATH with a Go of that version; `toolchain` as in `go env GOTOOLCHAIN`. */
async function withGo(version: string, toolchain: string, build = 'exit 1'): Promise<string> {
  const script = `case "$*" in "env GOVERSION") echo ${version} ;; "env GOTOOLCHAIN") echo ${toolchain} ;; *) ${build} ;; esac`;
  return `${await programs(folder.path, { go: script })}:${process.env['PATH'] ?? ''}`;
}

describe('says in one line why it can’t run', () => {
  test('without Go', async () => {
    const path = await only('bash', 'env', 'dirname', 'readlink', 'dpkg', 'apt-get');
    const { exitCode, stdout, stderr } = await cluster(['check'], path);
    expect(exitCode, stdout).toBe(2);
    expect(stderr).toBe('cluster: Go is not installed; kube-apiserver is built with it (https://go.dev/dl/)\n');
  });

  test.each([
    ['go1.20.14', '', 2],
    ['go1.23.4', 'local', 2],
    ['go1.23.4', 'auto', 0],
    ['go1.24.0', 'local', 0],
    ['go1.26.8', 'local', 0],
    ['go1.100', 'local', 0],
  ])('with %s and GOTOOLCHAIN=%s: exit status %i', async (version, toolchain, status) => {
    const { exitCode, stderr } = await cluster(['check'], await withGo(version, toolchain), {
      KFP_IMAGES_ETCD: '/bin/true',
    });
    expect(exitCode, stderr).toBe(status);
    expect(stderr).toBe(
      status === 0 ? '' : `cluster: ${version} is too old; Kubernetes 1.33.13 needs Go 1.24 (https://go.dev/dl/)\n`,
    );
  });
});

describe('building', () => {
  test('that fails or finds no time ends, says why, and leaves nothing', async () => {
    const path = await withGo('go1.26.8', 'local', 'exec sleep 600');
    const late = await cluster(['run', '--', 'true'], path, { KFP_IMAGES_CLUSTER_LIMIT: '0' });
    expect(late.exitCode).toBe(1);
    expect(late.stderr).toContain('cluster: took more than 0 minutes');
    expect(late.stderr).toContain('kube-apiserver could not be built');
    const broken = await cluster(['run', '--', 'true'], await withGo('go1.26.8', 'local'));
    expect(broken.exitCode).toBe(1);
    expect(broken.stderr).toContain("Go can't fetch k8s.io/kubernetes");
    const { stdout } = await run({ command: 'find', args: [join(folder.path, 'cache'), '-mindepth', '1'] });
    expect(stdout.trim().split('\n')).toEqual([join(folder.path, 'cache', 'install.lock')]);
  });

  test('with a limit that is not a number is wrong usage', async () => {
    const { exitCode, stderr } = await cluster(['check'], process.env['PATH'] ?? '', {
      KFP_IMAGES_CLUSTER_LIMIT: 'long',
    });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: 'cluster: KFP_IMAGES_CLUSTER_LIMIT=long: give minutes\n',
    });
  });
});
