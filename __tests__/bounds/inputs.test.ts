import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bounds } from '../../src/system/bounds';
import { bundle, type Ended } from '../run/world';
import { tempDir, type TempDir } from '../support/engine';
import { runStep, type StepResult } from '../support/runner';
import { cheapCommand, expectCheap, expectWords, meter, repositoryOf } from './measured';

/* What the event, lock files, inputs and this machine's files can hold, at the bounds of `src/system/bounds.ts` and above them, through the bundle. */

let folder: TempDir;
let home: TempDir;
beforeEach(async () => {
  [folder, home] = await Promise.all([tempDir(), tempDir()]);
});
afterEach(async () => {
  await Promise.all([folder.remove(), home.remove()]);
});

const command = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> =>
  cheapCommand(folder.path, home.path, args, env);

const driver = 'version: 1\nimages:\n  driver: { dockerfile: Dockerfile }\n';

describe('an event file', () => {
  async function act(payload: unknown, text?: string): Promise<StepResult> {
    const sha = await repositoryOf(folder.path, { 'kfp-images.yaml': driver, Dockerfile: 'FROM scratch\n' });
    const measured = await meter(home.path);
    const env: Record<string, string> = { ...measured.env };
    if (text !== undefined) await writeFile((env['GITHUB_EVENT_PATH'] = join(home.path, 'event')), text);
    const inputs = { 'dry-run': 'true' };
    const workspace = folder.path;
    const head = { ref: 'refs/heads/main', head_commit: { id: sha, message: payload } };
    const result = await runStep({ bundle: bundle('main'), workspace, event: 'push', sha, payload: head, inputs, env });
    expectWords(result);
    expectCheap(await measured.cost());
    return result;
  }
  const filled = (middle: string): string => {
    const [before, after] = [`{"ref":"refs/heads/main","deleted":true,"x":[`, `"${'x'.repeat(1000)}"]}`];
    return `${before}${middle}${after}`;
  };

  it('with a message as long as may be is searched', async () => {
    const brackets = '[drivr] [driver] [x'.repeat(bounds.message / 19).slice(0, bounds.message);
    const result = await act(brackets);
    expect(result.stdout).toContain('driver');
    expect(result.exitCode).toBe(0);
  });

  it('with a longer message is refused', async () => {
    const result = await act('[driver]'.repeat(bounds.message / 8 + 1));
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(/::error::the message of commit [0-9a-f]{40} is larger than 1 MiB/);
  });

  it('that is as large as may be is read', async () => {
    const values = '{"a":[]},'.repeat(bounds.json.values / 3 - 10);
    const rest = 'x'.repeat(bounds.eventFile - 2000 - values.length);
    const result = await act('', filled(`${values}"${rest}",`));
    expect(result.stdout).toContain('was deleted');
    expect(result.exitCode).toBe(0);
  });

  it.each([
    ['larger', `${filled('')}${' '.repeat(bounds.eventFile)}`, 'has more than 25 MiB'],
    ['fuller', filled('[],'.repeat(bounds.json.values / 2 + 1)), 'has more than 1000000 values'],
    ['deeper', filled(`${'['.repeat(10_000)}${']'.repeat(10_000)},`), 'is nested deeper than 200 levels'],
  ])('that is %s than may be is refused', async (_, text, words) => {
    const result = await act('', text);
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toContain(words);
  });
});

describe('a lock file', () => {
  const lockOf = (count: number, padding = ''): string => {
    const entry = (at: number): readonly [string, object] => [
      `i${String(at)}`,
      {
        repository: `127.0.0.1:9/p/r/i${String(at)}`,
        digest: `sha256:${'a'.repeat(64)}`,
        key: 'b'.repeat(64),
        padding,
      },
    ];
    const images = Object.fromEntries(Array.from({ length: count }, (_, at) => entry(at)));
    return JSON.stringify({ version: 1, commit: 'c'.repeat(40), registryPath: '127.0.0.1:9/p/r', images });
  };
  const use = async (text: string): Promise<Ended> => {
    await writeFile(join(home.path, 'lock.json'), text);
    const flags = ['--repository', `file://${folder.path}/none`, '--file', 'a.yaml'];
    return command(['gitops', '--lock', join(home.path, 'lock.json'), ...flags]);
  };
  it('that is as large as may be is read', async () => {
    const { images, bytes } = bounds.lockFile;
    const text = lockOf(images, 'x'.repeat(bytes / images - 300));
    expect(text.length).toBeGreaterThan(0.9 * bytes);
    expect((await use(text)).stderr).not.toContain('lock file of kfp-images');
  });
  it.each([
    ['images', lockOf(bounds.lockFile.images + 1), 'it has more than 1000 images'],
    ['bytes', lockOf(1, 'x'.repeat(bounds.lockFile.bytes)), 'has more than 4 MiB'],
    ['values', `{"x":[${'[],'.repeat(bounds.json.values / 2)}1]}`, 'it has more than 1000000 values'],
  ])('with more %s is refused', async (_, text, words) => {
    const ended = await use(text);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain(words);
  });
});

it.each([
  ['a lock file', ['deploy', '--lock', '/dev/zero', '--dry-run'], {}, 'The lock file /dev/zero has more than 4 MiB'],
  ['a catalog', ['plan', '--catalog', '/dev/zero'], {}, 'has more than 256 KiB'],
  [
    'a key',
    ['plan', '--registry-path', '127.0.0.1:9/p', '--credentials-json', '/dev/zero', '--images', 'all'],
    {},
    'has more than 1 MiB',
  ],
  [
    'the key of a pull secret',
    ['pull-secret', '--key', '/dev/zero', '--registry-path', '127.0.0.1:9/p'],
    {},
    'has more than 1 MiB',
  ],
  [
    'Google’s credentials',
    ['set', '--registry-path', 'europe-west3-docker.pkg.dev/p/r', '--commit', 'c'.repeat(40)],
    { GOOGLE_APPLICATION_CREDENTIALS: '/dev/zero' },
    'has more than 1 MiB',
  ],
])('%s that never ends is refused', async (_, args, env, words) => {
  await repositoryOf(folder.path, { 'kfp-images.yaml': driver, Dockerfile: 'FROM scratch\n' });
  const ended = await command(args, env);
  expect(ended.stderr).toContain(words);
  expect(ended.exitCode).toBe(2);
});

it('docker’s configuration that never ends is refused', async () => {
  await repositoryOf(folder.path, { 'kfp-images.yaml': driver, Dockerfile: 'FROM scratch\n' });
  await symlink('/dev/zero', join(home.path, 'config.json'));
  const ended = await command(['set', '--registry-path', '127.0.0.1:9/p', '--commit', 'c'.repeat(40)], {
    DOCKER_CONFIG: home.path,
  });
  expect(ended.stderr).toMatch(/Docker's configuration .* has more than 1 MiB/);
});

it.each([
  ['tags', 51, 'tags: has 51 entries; 50 are the most'],
  ['platforms', 21, 'platforms: has 21 entries; 20 are the most'],
  ['images', 1001, 'images: has 1001 entries; 1000 are the most'],
])('an input with too many %s is refused', async (name, count, words) => {
  const list = Array.from({ length: count }, (_, at) =>
    name === 'platforms' ? `linux/a${String(at)}` : `t${String(at)}`,
  );
  const ended = await command(['build', '--dry-run', '--registry-path', '127.0.0.1:9/p', `--${name}`, list.join(',')]);
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toContain(words);
});
