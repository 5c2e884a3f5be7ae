import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../src/dockerfile/instructions';
import { baseConfigOf, readBaseConfig } from '../../src/oci/imageConfig';
import { dockerfileUse } from '../../src/dockerfile/contextUse';
import { addCacheMounts } from '../../src/builder/rewriteDockerfile';
import { prepareDockerfile } from '../../src/builder/buildDockerfile';
import type { BaseConfig } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { catalogImage } from './memoryTree';
import { driver, driverFiles, fork, goDockerfile, golang, inputs, keyOf, noOptions } from './keyOf';

/* What a base image's own configuration does to keys, trees and cache mounts. */

const plain: BaseConfig = { env: [], onBuild: [], user: '', workingDir: '' };

/** The inputs of an image whose base images are configured so. */
async function counts(dockerfile: string, configs: Readonly<Record<string, Partial<BaseConfig>>>, go = true) {
  const asked: string[] = [];
  const key = await keyOf({ ...fork, Dockerfile: dockerfile }, go ? driver : {}, {
    baseConfig: (reference, platform) => {
      asked.push(`${reference} ${platform ?? '?'}`);
      const config = configs[reference];
      return Promise.resolve(config && { ...plain, ...config });
    },
  });
  return { files: inputs(key), asked, notes: key.notes.join('\n'), lines: key.lines };
}

describe('the inputs of an image on a base image that', () => {
  const simple = 'FROM base\nCOPY config /config\n';

  it('does nothing by itself', async () => {
    expect((await counts(goDockerfile(), { [golang]: {}, 'alpine:3.21': {} })).files).toEqual(driverFiles);
  });

  it('copies by ONBUILD: as if it stood in the Dockerfile', async () => {
    const { files, lines } = await counts(
      simple,
      { base: { onBuild: ['COPY lib/data.txt /x/', 'COPY --from=other /a /b'], workingDir: '/w' }, other: {} },
      false,
    );
    expect(files).toEqual(['config/a.json', 'lib/data.txt']);
    expect(lines).toContain('base other\tsha256:1');
    expect((await counts(simple, { base: { onBuild: ['ADD . .'] } }, false)).files).toContain('docs/index.html');
  });

  it('nobody can look into: everything counts, and it is said why', async () => {
    const { files, notes } = await counts(simple, {}, false);
    expect(files).toContain('docs/index.html');
    expect(notes).toContain("base image base could not be looked up, so what it copies by ONBUILD can't be determined");
  });

  it('sets variables that steer Go, or that the Dockerfile uses', async () => {
    const env = [['GOFLAGS', '-modfile=hack/other.mod']] as const;
    expect((await counts(goDockerfile(), { [golang]: { env }, 'alpine:3.21': {} })).files).toContain('docs/index.html');
    const where = { base: { env: [['WHERE', 'lib']] as const } };
    expect((await counts('FROM base\nCOPY ${WHERE}/data.txt /\n', where, false)).files).toEqual(['lib/data.txt']);
    expect((await counts('FROM base\nARG WHERE=config\nCOPY $WHERE /\n', where, false)).files).toEqual([
      'config/a.json',
    ]);
  });

  it('has a folder of its own: what is read below it is found', async () => {
    const dockerfile = `FROM ${golang} AS b\nCOPY . .\nRUN cat /app/hack/list.txt && go build -o /bin/driver ./cmd/driver\nFROM scratch\nCOPY --from=b /bin/driver /\n`;
    const { files } = await counts(dockerfile, { [golang]: { workingDir: '/app' } });
    expect(files).toEqual([...driverFiles.filter((path) => !path.startsWith('config/')), 'hack/list.txt'].sort());
  });

  it('a named context replaces: what stands in its place is looked into, and the base itself is not asked for', async () => {
    const dockerfile = 'FROM alpine@sha256:0 AS a\nFROM golang:1\nCOPY config /config\nCOPY --from=a /x /x\n';
    const asked: string[] = [];
    const key = await keyOf(
      { ...fork, Dockerfile: dockerfile },
      {
        options: {
          ...noOptions,
          buildContexts: {
            'docker.io/library/golang:1': { kind: 'image', reference: 'mirror/golang:1' },
            'alpine@sha256:0': { kind: 'folder', path: 'lib' },
          },
        },
      },
      {
        baseConfig: (reference) => {
          asked.push(reference);
          return Promise.resolve({ ...plain, onBuild: ['COPY hack/list.txt /x/'] });
        },
      },
    );
    expect(asked).toEqual(['mirror/golang:1']);
    expect(key.notes).toEqual([]);
    expect(inputs(key)).toEqual(['config/a.json', 'hack/list.txt', 'lib/data.txt', 'lib/lib.go']);
  });

  it('is asked for once, for the platform that is meant, and not for stages that nobody reaches', async () => {
    const dockerfile =
      'FROM never AS n\nRUN x\nFROM --platform=$BUILDPLATFORM base AS a\nFROM --platform=linux/arm64 base\nCOPY --from=a /x /x\n';
    expect((await counts(dockerfile, { base: {} }, false)).asked.sort()).toEqual(['base ?', 'base linux/arm64']);
  });
});

describe('a cache mount on a base image', () => {
  const text = 'FROM base AS b\nRUN pip install x\nFROM scratch\nCOPY --from=b /x /x\n';
  const mounted = (config: Partial<BaseConfig> | undefined): string =>
    addCacheMounts(text, {
      cacheMounts: ['/root/.cache/pip'],
      target: undefined,
      buildArgs: {},
      namespace: 'a/b',
      baseConfig: () => config && { ...plain, ...config },
    }).text.split('\n')[1] ?? '';

  it.each([
    [{}, 'id=kfp-images:a/b:/root/.cache/pip,target=/root/.cache/pip,sharing=shared pip install x'],
    [
      { user: '1001' },
      'id=kfp-images:a/b:1001:0:/root/.cache/pip,target=/root/.cache/pip,sharing=shared,uid=1001,gid=0 pip install x',
    ],
    [{ user: '1001:1002' }, 'uid=1001,gid=1002 pip install x'],
    [{ user: 'root' }, 'sharing=shared pip install x'],
  ])('whose configuration is %j', (config, end) => {
    expect(mounted(config).endsWith(end)).toBe(true);
  });

  it.each([[{ user: 'app' }], [undefined]])('is left out where its owner is not known: %j', (config) => {
    expect(mounted(config)).toBe('RUN pip install x');
  });

  it('belongs to the user of what a named context puts in its place', () => {
    const buildContexts = { base: { kind: 'image', reference: 'mirror/base:1' } } as const;
    const image = catalogImage({ cacheMounts: ['/root/.cache/pip'], options: { ...noOptions, buildContexts } });
    const baseConfig = (reference: string): BaseConfig | undefined =>
      reference === 'mirror/base:1' ? { ...plain, user: '1001' } : undefined;
    const { caches, notes } = prepareDockerfile(image, text, {}, 'a/b', { baseConfig });
    expect(notes).toEqual([]);
    expect(caches.map(({ owner }) => owner)).toEqual(['1001:0']);
  });
});

describe('the configuration of an image', () => {
  const storage = new Storage();
  const registry = memoryRegistry(storage);
  const put = async (json: object): Promise<{ digest: string; size: number; mediaType: string }> =>
    registry.putBlob('r', 'application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(json)));
  const manifest = async (json: object) => {
    const bytes = Buffer.from(JSON.stringify(json));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    return registry.putManifest('r', digest, 'application/vnd.oci.image.manifest.v1+json', bytes);
  };
  const image = async (config: object) => manifest({ schemaVersion: 2, config: await put({ config }), layers: [] });

  it('is that of the platform', async () => {
    const [amd, arm] = [await image({ User: 'amd' }), await image({ User: 'arm' })];
    const index = await manifest({
      schemaVersion: 2,
      manifests: [
        { ...arm, platform: { os: 'unknown', architecture: 'unknown' } },
        { ...arm, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
        { ...amd, platform: { os: 'linux', architecture: 'amd64' } },
      ],
    });
    const user = async (platform?: string) => (await baseConfigOf(registry, 'r', index.digest, platform))?.user;
    expect(await user('linux/amd64')).toBe('amd');
    expect(await user('linux/arm64')).toBe('arm');
    expect(await user('linux/arm/v7')).toBe('arm');
    expect(await user()).toBe('amd');
    expect((await baseConfigOf(registry, 'r', amd.digest, 'linux/arm64'))?.user).toBe('amd');
    expect(await baseConfigOf(registry, 'r', `sha256:${'0'.repeat(64)}`, undefined)).toBeUndefined();
  });

  it.each([
    [{}, plain],
    [
      { Env: null, OnBuild: null, User: '1', WorkingDir: '/w' },
      { ...plain, user: '1', workingDir: '/w' },
    ],
    [
      { Env: ['A=b=c', 'D'], OnBuild: ['RUN x'] },
      {
        ...plain,
        env: [
          ['A', 'b=c'],
          ['D', ''],
        ],
        onBuild: ['RUN x'],
      },
    ],
    [{ Env: [1] }, undefined],
    [{ OnBuild: 'RUN x' }, undefined],
    [null, undefined],
    ['x', undefined],
  ])('reads %j', (config, expected) => {
    expect(readBaseConfig(config)).toEqual(expected);
  });
});

it('an ONBUILD that another stage starts from is not done twice', () => {
  const parsed = parseDockerfile('FROM base AS a\nFROM a\n');
  const config = { ...plain, onBuild: ['COPY x /x'] };
  const { sources } = dockerfileUse(parsed, { target: undefined, buildArgs: {} }, 'linux/amd64', () => config);
  expect(sources.map(({ path }) => path)).toEqual(['x']);
});
