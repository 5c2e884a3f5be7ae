import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseLockFile } from '../../src/publish/lockFile';
import { storeSet } from '../../src/publish/setArtifact';
import { commitTag, setRepository } from '../../src/publish/tags';
import { run, type Finished } from '../../src/system/exec';
import type { LockedImage, LockFile } from '../../src/types';
import { tempDir, type TempDir } from '../support/engine';
import { createFork, type TestRepository } from '../support/fork';
import { testClient } from '../support/registryClient';
import { startRegistry, type TestRegistry } from '../support/registry';
import { contentKey, pushTinyImage } from '../support/releaseSets';

/* `set` and `report`, by the bundle, on two sets of a fork in a real registry. */

let folder: TempDir;
let fork: TestRepository;
let registry: TestRegistry;
let first: string;
let second: string;

async function publish(commit: string, driver: string): Promise<void> {
  const { username, password } = registry;
  const client = testClient({ login: { username, password } }).registry;
  const push = async (
    name: string,
    content: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<LockedImage> => {
    const repository = `${registry.path}/${name}`;
    const digest = await pushTinyImage(client, { repository, content, revision: first, env });
    return { repository, digest, key: contentKey(content), seconds: 75 };
  };
  const images: Record<string, LockedImage> = {
    driver: await push('driver', driver),
    launcher: await push('launcher', 'launcher'),
  };
  const { driver: bound } = images;
  images['apiserver'] = await push('apiserver', 'apiserver', {
    V2_DRIVER_IMAGE: `${bound?.repository ?? ''}@${bound?.digest ?? ''}`,
  });
  const lock: LockFile = { version: 1, commit, registryPath: registry.path, images };
  await storeSet(client, setRepository(registry.path), commitTag(commit), lock, '2026-01-05T12:00:00Z');
}

beforeAll(async () => {
  [folder, fork, registry] = await Promise.all([tempDir(), createFork(), startRegistry()]);
  first = await fork.git('rev-parse', 'HEAD');
  await publish(first, 'driver 1');
  const path = 'backend/src/v2/driver/driver.go';
  const text = await readFile(join(fork.directory, path), 'utf8');
  second = await fork.commit('Log <b>the</b> & "pod" [driver]', { [path]: `${text}\n// more\n` });
  await publish(second, 'driver 2');
});
afterAll(() => Promise.all([folder.remove(), fork.remove(), registry.stop()]));

const cli = (...args: readonly string[]): Promise<Finished> =>
  run({
    command: process.execPath,
    args: [join(process.cwd(), 'dist', 'cli', 'index.js'), ...args, '--registry-path', registry.path],
    cwd: fork.directory,
    env: { GCP_SA_KEY: registry.keyJson },
  });

test('set prints the lock file of the newest set, and of a commit', async () => {
  const newest = await cli('set');
  expect(newest.stderr).toBe('');
  expect(parseLockFile(newest.stdout, 'it').commit).toBe(second);
  const older = await cli('set', '--commit', 'HEAD~1', '--json');
  expect(parseLockFile(older.stdout, 'it')).toMatchObject({ commit: first, registryPath: registry.path });
});

describe('report', () => {
  test('tells on a terminal what changed since the set before, and why', async () => {
    const { stdout, stderr, exitCode } = await cli('report');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`, compared with ${first.slice(0, 12)}\n`);
    expect(stdout).toMatch(
      /^driver +sha256:[0-9a-f]{12} +\d+ B +1 min 15 s {2}changed: backend\/src\/v2\/driver\/driver\.go$/m,
    );
    expect(stdout).toMatch(/^launcher .* as before$/m);
    expect(stdout).toMatch(/^apiserver .* same content, new image, carries driver$/m);
    expect(stdout).toMatch(
      new RegExp(
        `Recent sets:\\n  2026-01-05 {2}${second.slice(0, 12)} {2}Log .*\\n  2026-01-05 {2}${first.slice(0, 12)} `,
      ),
    );
  });

  test('of the first set says that there is none before', async () => {
    expect((await cli('report', '--commit', first)).stdout).toMatch(/^driver .* in the first set that is known$/m);
  });

  test('as HTML is one file that loads nothing, with every text escaped', async () => {
    const file = join(folder.path, 'report.html');
    expect((await cli('report', '--html', file)).exitCode).toBe(0);
    const page = await readFile(file, 'utf8');
    expect(page).toContain('Log &#60;b&#62;the&#60;/b&#62; &#38; &#34;pod&#34; [driver]');
    expect(page).toContain('default-src &#39;none&#39;'.replaceAll('&#39;', "'"));
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son\w+=/i);
    expect([...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, to]) => to)).toEqual([]);
    expect(unclosed(page)).toEqual([]);
    for (const name of ['driver', 'launcher', 'apiserver']) expect(page).toContain(`<b>${name}</b>`);
    expect(page).toContain('aria-label="apiserver carries driver"');
  });

  test('as JSON is what the page shows', async () => {
    const { stdout } = await cli('report', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      commit: second,
      previous: first,
      images: [{ name: 'driver', change: 'changed' }, {}, {}],
    });
  });

  test('warns of an image that was deleted', async () => {
    const { username, password } = registry;
    const client = testClient({ login: { username, password } }).registry;
    const { images } = parseLockFile((await cli('set')).stdout, 'it');
    const { repository = '', digest = '' } = images['launcher'] ?? {};
    await client.deleteManifest(repository, digest);
    const { stderr, exitCode } = await cli('report');
    expect(stderr).toContain(`The registry has no ${repository}@${digest}: it was deleted`);
    expect(exitCode).toBe(0);
  });
});

/** Elements that are opened and not closed in their place, by a walk over every tag of the page. */
function unclosed(page: string): readonly string[] {
  const empty = new Set(['meta', 'rect', 'path', 'br', '!doctype']);
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, close, name = '', selfClosed] of page.matchAll(/<(\/?)([!a-z][a-z0-9]*)[^>]*?(\/?)>/gi)) {
    const tag = name.toLowerCase();
    if (close === '/') {
      if (open.pop() !== tag) wrong.push(tag);
    } else if (selfClosed !== '/' && !empty.has(tag)) open.push(tag);
  }
  return [...wrong, ...open];
}
