import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindConfig, bindIndex, bindManifest, readBindable } from '../../src/builder/bind';

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();
const json = (value: Uint8Array | undefined): unknown => JSON.parse(text(value));
const digest = (of: string): string => `sha256:${createHash('sha256').update(of).digest('hex')}`;

describe('bindConfig', () => {
  const image = {
    architecture: 'amd64',
    config: { User: '65532', Env: ['PATH=/bin', 'V2_DRIVER_IMAGE=old', 'X=a=b'], Cmd: ['/bin/sh'] },
    created: '2020-01-01T00:00:00Z',
    history: [{ created: '2020-01-01T00:00:00Z', created_by: 'COPY x' }],
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [digest('layer')] },
    variant: { unknown: ['kept', null, 1.5] },
  };

  it('adds variables as an ENV would, and keeps the rest in its order', () => {
    const bound = bindConfig(bytes(image), { V2_LAUNCHER_IMAGE: 'r/l@sha256:1', V2_DRIVER_IMAGE: 'r/d@sha256:2' });
    expect(text(bound)).toBe(
      JSON.stringify({
        ...image,
        config: {
          ...image.config,
          Env: ['PATH=/bin', 'V2_DRIVER_IMAGE=r/d@sha256:2', 'X=a=b', 'V2_LAUNCHER_IMAGE=r/l@sha256:1'],
        },
        history: [
          ...image.history,
          {
            created: '2020-01-01T00:00:00Z',
            created_by: 'ENV V2_DRIVER_IMAGE=r/d@sha256:2 V2_LAUNCHER_IMAGE=r/l@sha256:1',
            comment: 'kfp-images',
            empty_layer: true,
          },
        ],
      }),
    );
  });

  const envs: readonly (readonly [name: string, config: unknown, expected: readonly string[]])[] = [
    ['no variables', {}, ['A=1']],
    ['null', { Env: null }, ['A=1']],
    ['no configuration at all', null, ['A=1']],
    ['the variable without a value', { Env: ['A', 'B='] }, ['A=1', 'B=']],
    ['the variable twice', { Env: ['A=0', 'B=2', 'A=3'] }, ['A=1', 'B=2']],
    ['a name that only begins alike', { Env: ['AA=0'] }, ['AA=0', 'A=1']],
  ];
  it.each(envs)('%s', (_, config, expected) => {
    expect(json(bindConfig(bytes({ ...image, config }), { A: '1' }))).toMatchObject({
      config: { Env: expected },
    });
  });

  it('with no variables takes an earlier binding away, and leaves alone what was never bound', () => {
    const bare = { ...image, config: { ...image.config, Env: ['PATH=/bin', 'X=a=b'] } };
    const bound = bindConfig(bytes(bare), { V2_DRIVER_IMAGE: 'r/d@sha256:2' }) ?? bytes('');
    expect(text(bindConfig(bound, {}))).toBe(JSON.stringify(bare));
    const spaced = bytes(JSON.stringify(bare, null, 2));
    expect(bindConfig(spaced, {})).toBe(spaced);
  });

  it('does not depend on the order in which variables are given', () => {
    expect(bindConfig(bytes(image), { B: '1', A: '2' })).toEqual(bindConfig(bytes(image), { A: '2', B: '1' }));
  });

  it('gives the same image however often it is bound, and to whatever before', () => {
    const once = bindConfig(bytes(image), { A: '1' }) ?? bytes('');
    expect(bindConfig(once, { A: '1' })).toEqual(once);
    expect(bindConfig(bindConfig(bytes(image), { A: '0' }) ?? bytes(''), { A: '1' })).toEqual(once);
  });

  it('takes away what an earlier binding set and this one does not, but nothing that somebody else did', () => {
    const before = bindConfig(bytes(image), { A: '1', X: '2' });
    const config = { ...image.config, Env: [...image.config.Env, 'A=0'] };
    expect(bindConfig(before ?? bytes(''), { X: '2', B: '3' })).toEqual(bindConfig(bytes(image), { X: '2', B: '3' }));
    expect(json(bindConfig(bytes({ ...image, config }), { B: '3' }))).toMatchObject({
      config: { Env: [...config.Env, 'B=3'] },
    });
  });

  it('invents no history where there is none', () => {
    expect(text(bindConfig(bytes({ rootfs: {}, history: null }), { A: '1' }))).toBe(
      '{"rootfs":{},"history":null,"config":{"Env":["A=1"]}}',
    );
  });

  it('dates its line at the epoch where the image has no date', () => {
    expect(json(bindConfig(bytes({ rootfs: {}, history: [] }), { A: '1' }))).toMatchObject({
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'ENV A=1' }],
    });
  });

  it('keeps numbers that no double holds', () => {
    const source = '{"rootfs":{},"big":12345678901234567890123,"exact":1.10,"exp":1e400,"config":{"Env":[]}}';
    expect(text(bindConfig(bytes(source), {}))).toBe(source);
  });

  it('gives undefined for what is not a configuration', () => {
    for (const other of [
      '',
      'null',
      '[]',
      '"x"',
      '{}',
      '{"rootfs":1}',
      '{"rootfs":{},"config":{"Env":[1]}}',
      '{"rootfs":{',
    ]) {
      expect(bindConfig(bytes(other), { A: '1' })).toBeUndefined();
    }
    expect(bindConfig(Uint8Array.of(0xff, 0xfe), { A: '1' })).toBeUndefined();
  });

  it('changes nothing but variables and history, whatever else is there', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'config', 'history', '10', '2'));
    const object = fc.dictionary(key, fc.jsonValue(), { noNullPrototype: false });
    fc.assert(
      fc.property(object, object, (image, config) => {
        const source = JSON.stringify({ ...image, rootfs: {}, config: { ...config, Env: ['B=2'] }, history: [] });
        const bound = json(bindConfig(bytes(source), { A: '1' })) as Record<string, Record<string, unknown>>;
        const undone = { ...bound, config: { ...bound['config'], Env: ['B=2'] }, history: [] };
        expect(JSON.stringify(undone)).toBe(JSON.stringify(JSON.parse(source)));
        expect(bound['config']?.['Env']).toEqual(['B=2', 'A=1']);
      }),
    );
  });
});

describe('bindManifest', () => {
  it('points to the new configuration and keeps the layers', () => {
    const manifest =
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":7,"digest":"sha256:old","data":"e30="},"layers":[{"digest":"sha256:l1"}],"annotations":{"a":"b"}}';
    expect(text(bindManifest(bytes(manifest), { digest: 'sha256:new', size: 9 }))).toBe(
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":9,"digest":"sha256:new"},"layers":[{"digest":"sha256:l1"}],"annotations":{"a":"b"}}',
    );
  });
});

describe('bindIndex', () => {
  it('replaces entries by digest, drops those without a replacement, keeps their platforms', () => {
    const index = {
      schemaVersion: 2,
      manifests: [
        { mediaType: 'm', digest: 'sha256:a', size: 1, platform: { os: 'linux', architecture: 'amd64' } },
        { mediaType: 'm', digest: 'sha256:b', size: 2, platform: { os: 'unknown', architecture: 'unknown' } },
      ],
      annotations: { kept: 'yes' },
    };
    const bound = bindIndex(bytes(index), new Map([['sha256:a', { digest: 'sha256:c', size: 3 }]]));
    expect(json(bound)).toEqual({
      ...index,
      manifests: [{ ...index.manifests[0], digest: 'sha256:c', size: 3 }],
    });
  });
});

describe('readBindable', () => {
  const config = { mediaType: 'application/vnd.docker.container.image.v1+json', digest: digest('c'), size: 1 };
  const listed = (of: string): object => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digest(of),
    size: 1,
  });
  const cases: readonly (readonly [name: string, value: unknown, expected: unknown])[] = [
    ['a Docker manifest', { config, layers: [] }, { config, children: [] }],
    [
      'an index with an attestation',
      {
        manifests: [
          { ...listed('a'), platform: { os: 'linux' } },
          { ...listed('b'), platform: { os: 'unknown', architecture: 'unknown' } },
          { ...listed('d'), annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
          listed('e'),
        ],
      },
      {
        config: undefined,
        children: [
          { digest: digest('a'), kind: 'image' },
          { digest: digest('b'), kind: 'attestation' },
          { digest: digest('d'), kind: 'attestation' },
          { digest: digest('e'), kind: 'image' },
        ],
      },
    ],
  ];
  it.each(cases)('%s', (_, value, expected) => {
    expect(readBindable(bytes(value))).toMatchObject(expected as object);
  });

  const others: readonly (readonly [name: string, value: unknown])[] = [
    ['an artifact', { config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }],
    ['an index with an entry that is none', { manifests: [listed('a'), { digest: 1 }] }],
    ['an old manifest', { schemaVersion: 1, fsLayers: [] }],
    ['not JSON', '<html>'],
  ];
  it.each(others)('%s can’t be bound', (_, value) => {
    expect(readBindable(bytes(value))).toBeUndefined();
  });
});
