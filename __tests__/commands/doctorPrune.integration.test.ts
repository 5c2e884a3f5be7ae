import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runCli } from '../../src/commands/commandLine';
import { storeSet } from '../../src/publish/setArtifact';
import { readUnnamed, writeUnnamed } from '../../src/publish/prune/unnamed';
import { putTag } from '../../src/publish/putTag';
import { commitTag, keyTag, setRepository } from '../../src/publish/tags';
import type { Registry } from '../../src/types';
import { tempDir, type TempDir } from '../support/engine';
import { dockerConfig, startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { commitId, contentKey, pushTinyImage } from '../support/releaseSets';

/* The command on a real registry. kubectl is a script that answers as one would. */

let server: TestRegistry;
let registry: Registry;
let folder: TempDir;

beforeEach(async () => {
  server = await startRegistry();
  registry = testClient({ login: server }).registry;
  folder = await tempDir();
  vi.stubEnv('DOCKER_CONFIG', await dockerConfig(server, folder.path));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await server.stop();
  await folder.remove();
});

async function publish(name: string, ageInDays: number): Promise<string> {
  const commit = commitId(name);
  const repository = `${server.path}/driver`;
  const digest = await pushTinyImage(registry, { repository, content: name, revision: commit });
  await putTag(registry, { repository, tag: keyTag(contentKey(name)), digest });
  await putTag(registry, { repository, tag: commitTag(commit), digest });
  const created = new Date(Date.now() - ageInDays * 86_400_000).toISOString();
  const images = { driver: { repository, digest, key: contentKey(name) } };
  const lock = { version: 1 as const, commit, registryPath: server.path, images };
  await storeSet(registry, setRepository(server.path), commitTag(commit), lock, created);
  return digest;
}

/** Calls the command, and gives its status and what it printed; where that is nothing, what it said is thrown. */
async function prune(
  ...flags: readonly string[]
): Promise<{ readonly status: number; readonly document: Readonly<Record<string, unknown>> }> {
  let printed = '';
  let said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  try {
    const all = ['--registry-path', server.path, '--json', '--keep-last', '1', '--keep-days', '30', ...flags];
    const status = await runCli(['prune', ...all]);
    if (printed === '') throw new Error(said);
    return { status, document: JSON.parse(printed) as Readonly<Record<string, unknown>> };
  } finally {
    vi.restoreAllMocks();
  }
}

async function kubectl(script: string): Promise<void> {
  const bin = join(folder.path, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'kubectl'), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, 'kubectl'), 0o755);
  vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`);
}

describe('kfp-images prune', () => {
  test('a dry run changes nothing, without --yes nothing goes, with it what was shown goes, and then there is nothing more', async () => {
    const old = await publish('old', 90);
    const fresh = await publish('fresh', 1);
    const driver = `${server.path}/driver`;
    const dry = await prune('--dry-run');
    expect(dry).toMatchObject({ status: 0, document: { kind: 'dry-run', deleted: [] } });
    await expect(prune()).rejects.toThrow(/give --yes/);
    expect(await registry.manifest(driver, old)).toBeDefined();
    const real = await prune('--yes');
    expect(real).toMatchObject({
      status: 0,
      document: { kind: 'pruned', problems: [], planned: dry.document['planned'] },
    });
    expect(real.document['deleted']).toEqual(dry.document['planned']);
    expect(await registry.manifest(driver, old)).toBeUndefined();
    expect(await registry.manifest(driver, fresh)).toBeDefined();
    expect(await prune('--yes')).toMatchObject({ status: 0, document: { kind: 'nothing' } });
  });

  test('what a run built and never published is noted, and goes when a prune of more than a month ago noted it', async () => {
    await publish('fresh', 1);
    const repository = `${server.path}/driver`;
    const digest = await pushTinyImage(registry, { repository, content: 'cancelled', revision: '' });
    const tag = keyTag(contentKey('cancelled'));
    await putTag(registry, { repository, tag, digest });
    expect(await prune('--dry-run')).toMatchObject({
      document: { unnamed: [{ name: `${repository}:${tag}@${digest}` }] },
    });
    expect(await readUnnamed(registry, server.path)).toEqual(new Map());
    expect(await prune('--yes')).toMatchObject({ status: 0, document: { kind: 'nothing', deleted: [] } });
    const noted = await readUnnamed(registry, server.path);
    expect([...noted.keys()]).toEqual([`${repository}:${tag}@${digest}`]);
    const longAgo = [...noted].map(([name, since]) => [name, since - 32 * 86_400_000] as const);
    await writeUnnamed(registry, server.path, new Map(longAgo));
    expect(await prune('--yes')).toMatchObject({
      status: 0,
      document: { kind: 'pruned', deleted: [{ digest }], problems: [] },
    });
    expect(await registry.manifest(repository, digest)).toBeUndefined();
    expect(await readUnnamed(registry, server.path)).toEqual(new Map());
  });

  test('what a cluster runs stays; a cluster that can’t be read stops it', async () => {
    const old = await publish('old', 90);
    await publish('fresh', 1);
    await kubectl(
      `case "$*" in *api-resources*) ;; *) echo '{"items":[{"image":"${server.path}/driver@${old}"}]}' ;; esac`,
    );
    expect(await prune('--yes', '--keep-cluster', 'prod')).toMatchObject({
      status: 0,
      document: { kind: 'nothing' },
    });
    await kubectl('echo "error: context \\"prod\\" does not exist" >&2; exit 1');
    await expect(prune('--yes', '--keep-cluster', 'prod')).rejects.toThrow(
      /context \\"prod\\" does not exist.*nothing is deleted/s,
    );
    expect(await registry.manifest(`${server.path}/driver`, old)).toBeDefined();
  });

  test('what a recurring run stores stays, though no pod and no Deployment names it any more', async () => {
    const old = await publish('old', 90);
    await publish('fresh', 1);
    const kinds = 'workflows.argoproj.io,scheduledworkflows.kubeflow.org';
    const stored = JSON.stringify({ spec: { workflow: { spec: `{"image":"${server.path}/driver@${old}"}` } } });
    await kubectl(
      [
        'case "$*" in',
        `*api-resources*) printf 'pods\\nscheduledworkflows.kubeflow.org\\nworkflows.argoproj.io\\n' ;;`,
        `*" get ${kinds} "*) echo '{"items":[${stored}]}' ;;`,
        `*) echo '{"items":[]}' ;;`,
        'esac',
      ].join('\n'),
    );
    expect(await prune('--yes', '--keep-cluster', 'prod')).toMatchObject({ status: 0, document: { kind: 'nothing' } });
    expect(await registry.manifest(`${server.path}/driver`, old)).toBeDefined();
  });

  test.each([
    [['--registry-path', ''], /--registry-path says/],
    [['--keep-last', '0'], /--keep-last "0" is not a number from 1 up/],
    [['--keep-days', 'x'], /--keep-days "x"/],
    [['--keep-cluster=--kubeconfig=/x'], /is not the name of a context/],
  ])('wrong usage %j', async (flags, why) => {
    await expect(prune(...flags)).rejects.toThrow(why);
  });
});
