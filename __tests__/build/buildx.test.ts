import { describe, expect, it } from 'vitest';
import { buildCommand, type BuildRequest } from '../../src/build/buildx';
import type { Capabilities } from '../../src/build/capabilities';
import type { CatalogImage } from '../../src/types';

const image: CatalogImage = {
  name: 'apiserver',
  dockerfile: 'backend/Dockerfile',
  context: '.',
  repository: 'apiserver',
  target: undefined,
  inputs: { kind: 'dockerfile' },
  cacheMounts: [],
  buildArgs: {},
  bind: {},
  deploy: undefined,
};
const sha = '0123456789abcdef0123456789abcdef01234567';
const request: BuildRequest = {
  image,
  repository: 'registry.test/project/apiserver',
  tag: 'key-1',
  push: true,
  platforms: ['linux/amd64'],
  revision: sha,
  values: { sha, short_sha: '0123456', branch: 'feature/x', date: '2026-01-05T12:00:00Z' },
  date: 1_767_614_400,
  source: 'https://github.com/acme/pipelines',
  version: 'commit-0123456',
  cache: 'none',
  wantsEpoch: false,
  baseImages: new Map(),
  places: {
    tree: '/run/kfp-images-abc123/tree',
    dockerfile: 'backend/Dockerfile',
    metadataFile: '/run/kfp-images-abc123/metadata/apiserver.json',
    dockerConfig: '/run/kfp-images-abc123/docker',
  },
};
const able: Capabilities = {
  rawProgress: true,
  rewritesTimes: true,
  exportsCache: true,
  multiPlatform: true,
  loadsMultiPlatform: true,
};

const args = (more: Partial<BuildRequest> = {}, can: Partial<Capabilities> = {}): readonly string[] =>
  buildCommand({ ...request, ...more }, { ...able, ...can }).args;
/** Values of an option. */
const all = (option: string, given: readonly string[]): readonly string[] =>
  given.filter((_, at) => given[at - 1] === option);

describe('buildCommand', () => {
  it('is one call that builds and pushes', () => {
    expect(buildCommand(request, able)).toEqual({
      command: 'docker',
      args: [
        'buildx',
        'build',
        '--progress=rawjson',
        '--provenance=false',
        '--sbom=false',
        ...['--platform', 'linux/amd64'],
        ...['--file', 'backend/Dockerfile'],
        ...['--label', 'org.opencontainers.image.source=https://github.com/acme/pipelines'],
        ...['--label', `org.opencontainers.image.revision=${sha}`],
        ...['--label', 'org.opencontainers.image.created=2026-01-05T12:00:00Z'],
        ...['--label', 'org.opencontainers.image.version=commit-0123456'],
        ...['--label', 'org.opencontainers.image.title=apiserver'],
        ...['--metadata-file', '../metadata/apiserver.json'],
        ...[
          '--output',
          'type=image,name=registry.test/project/apiserver:key-1,push=true,store=false,rewrite-timestamp=true,source-date-epoch=1767614400',
        ],
        '.',
      ],
      cwd: '/run/kfp-images-abc123/tree',
      env: {
        DOCKER_CONFIG: '/run/kfp-images-abc123/docker',
        BUILDX_GIT_INFO: 'false',
        BUILDX_METADATA_PROVENANCE: 'disabled',
      },
      unset: ['SOURCE_DATE_EPOCH'],
    });
  });

  it('does not depend on where the private folder lies', () => {
    const elsewhere = {
      tree: '/tmp/z/tree',
      dockerfile: 'backend/Dockerfile',
      metadataFile: '/tmp/z/metadata/apiserver.json',
      dockerConfig: '/tmp/z/docker',
    };
    expect(args({ places: elsewhere })).toEqual(args());
  });

  it('loads into the engine without push', () => {
    expect(all('--output', args({ push: false, repository: 'apiserver', tag: `commit-${sha}` }))).toEqual([
      `type=docker,name=apiserver:commit-${sha},source-date-epoch=1767614400`,
    ]);
  });

  it('fills in build arguments, and gives the date to who declares it', () => {
    const templated = {
      ...image,
      buildArgs: { COMMIT_SHA: '{{sha}}', TAG: 'v-{{ short_sha }}-{{branch}}', EMPTY: '', PLAIN: 'a b,c=d' },
    };
    expect(all('--build-arg', args({ image: templated }))).toEqual([
      `COMMIT_SHA=${sha}`,
      'TAG=v-0123456-feature/x',
      'EMPTY=',
      'PLAIN=a b,c=d',
    ]);
    expect(all('--build-arg', args({ wantsEpoch: true }))).toEqual(['SOURCE_DATE_EPOCH=1767614400']);
  });

  it('names target, platforms, context and Dockerfile', () => {
    const other = args({
      image: { ...image, target: 'final', context: 'proxy' },
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    expect(all('--target', other)).toEqual(['final']);
    expect(all('--platform', other)).toEqual(['linux/amd64,linux/arm64']);
    expect(other.at(-1)).toBe('./proxy');
    expect(args({ image: { ...image, context: '--help' } }).at(-1)).toBe('./--help');
    expect(
      all('--file', args({ places: { ...request.places, dockerfile: '../dockerfiles/apiserver/Dockerfile' } })),
    ).toEqual(['../dockerfiles/apiserver/Dockerfile']);
  });

  it('builds on the base images that the content key was made with', () => {
    const pinned = `docker.io/library/golang@sha256:${'a'.repeat(64)}`;
    expect(all('--build-context', args({ baseImages: new Map([['golang:1.26', pinned]]) }))).toEqual([
      `golang:1.26=docker-image://${pinned}`,
    ]);
  });

  it('says nothing of a source that is not known', () => {
    expect(all('--label', args({ source: undefined })).join()).not.toContain('image.source');
  });

  it('uses caches that never fail a build', () => {
    expect(all('--cache-from', args())).toEqual([]);
    const registry = args({ cache: 'registry' });
    expect(all('--cache-from', registry)).toEqual(['type=registry,ref=registry.test/project/apiserver:buildcache']);
    expect(all('--cache-to', registry)).toEqual([
      'type=registry,ref=registry.test/project/apiserver:buildcache,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true',
    ]);
    expect(all('--cache-to', args({ cache: 'gha' }))).toEqual([
      'type=gha,scope=kfp-images-apiserver,mode=max,ignore-error=true',
    ]);
    expect(all('--cache-to', args({ cache: 'registry' }, { exportsCache: false }))).toEqual([]);
    expect(all('--cache-from', args({ cache: 'gha' }, { exportsCache: false }))).toEqual([
      'type=gha,scope=kfp-images-apiserver',
    ]);
  });

  it('shows plain progress where buildx knows no other', () => {
    expect(args({}, { rawProgress: false })).toContain('--progress=plain');
  });
});
