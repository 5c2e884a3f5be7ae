import { describe, expect, it } from 'vitest';
import { buildTreeOf } from '../../src/plan/buildTree';
import { changedInputs } from '../../src/plan/changes';
import type { BuildOptions, ContentKey } from '../../src/types';
import { inputs, keyOf, noOptions as none } from './keyOf';

const files = {
  Dockerfile: 'FROM alpine\nCOPY a /a\n',
  a: 'a',
  'libs/shared/.dockerignore': 'x',
  'libs/shared/x': 'x',
  'libs/other': 'o',
};
const keyed = (options: Partial<BuildOptions>, more: Readonly<Record<string, string>> = {}): Promise<ContentKey> =>
  keyOf({ ...files, ...more }, { options: { ...none, ...options } });

describe('what a build is given beside its files', () => {
  it.each<readonly [string, Partial<BuildOptions>, string]>([
    ['a secret', { secrets: ['netrc'] }, 'secret netrc'],
    ['an agent', { ssh: ['default'] }, 'ssh agent default'],
    ['a label', { labels: { team: 'a=b' } }, 'label team'],
    ['an annotation', { annotations: { note: '{{sha}}' } }, 'annotation note'],
    ['the network', { network: 'host' }, 'network'],
    ['a host', { addHosts: { m: '10.0.0.1' } }, 'host m'],
    ['the size of shared memory', { shmSize: '1g' }, 'size of /dev/shm'],
    ['a limit', { ulimits: { nofile: '1' } }, 'limit nofile'],
    ['another repository', { buildContexts: { s: { kind: 'git', url: 'https://h/x.git#1' } } }, 'build context s'],
  ])('%s counts, and is named as what changed', async (_, options, name) => {
    const [before, after] = [await keyed({}), await keyed(options)];
    expect(changedInputs(before, after)).toEqual([name]);
    expect(changedInputs(after, before)).toEqual([name]);
    expect((await keyed(options)).key).toBe(after.key);
  });

  it('noCache is no change of content', async () => {
    expect((await keyed({ noCache: true })).key).toBe((await keyed({})).key);
  });

  it('of a folder every file counts and is in the tree, whatever ignore files say', async () => {
    const options = { buildContexts: { shared: { kind: 'folder', path: 'libs/shared' } } } as const;
    const key = await keyed(options, { '.dockerignore': 'libs\n' });
    expect(inputs(key)).toEqual(['a', 'libs/shared/.dockerignore', 'libs/shared/x']);
    expect(buildTreeOf(key).named).toEqual(new Map([['shared', 'libs/shared']]));
    const changed = await keyed(options, { '.dockerignore': 'libs\n', 'libs/shared/x': 'y' });
    expect(changedInputs(key, changed)).toEqual(['libs/shared/x']);
    const whole = await keyed(options, { Dockerfile: 'FROM alpine\nCOPY . /\n', '.dockerignore': 'libs\n' });
    expect(inputs(whole)).toContain('libs/shared/x');
    expect(inputs(whole)).not.toContain('libs/other');
  });

  it('a context that is an image takes the place of the one it is named after, and is looked up', async () => {
    const image = { kind: 'image', reference: 'mirror.corp/alpine:1' } as const;
    const key = await keyed({ buildContexts: { 'docker.io/library/alpine': image } });
    expect(key.lines.filter((line) => line.startsWith('base '))).toEqual(['base mirror.corp/alpine:1\tsha256:1']);
    const folder = await keyed({ buildContexts: { alpine: { kind: 'folder', path: 'libs' } } });
    expect(folder.lines.filter((line) => line.startsWith('base '))).toEqual([]);
  });

  it('a mount that the catalog does not list is noted', async () => {
    const dockerfile =
      'FROM alpine\nRUN --mount=type=secret,id=netrc --mount=type=ssh true\nRUN --mount=type=secret,target=/root/.token x\n';
    const at = { file: 'c.yaml', line: 1, column: 1 };
    const key = await keyOf(
      { Dockerfile: dockerfile },
      { options: { ...none, secrets: ['netrc'] } },
      { positionOf: () => at },
    );
    expect(key.notes).toEqual([
      'Dockerfile:2: mounts the agent default, which images.driver.ssh of the catalog does not list, so the build does not get it',
      'Dockerfile:3: mounts the secret .token, which images.driver.secrets of the catalog does not list, so the build does not get it',
    ]);
    const builtIn = await keyOf({ Dockerfile: dockerfile });
    expect(builtIn.notes).toEqual([]);
  });
});
