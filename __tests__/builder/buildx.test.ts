import { describe, expect, it } from 'vitest';
import { buildCommand, type BuildRequest } from '../../src/builder/buildx';
import type { Capabilities } from '../../src/builder/capabilities';
import { catalogImage } from '../plan/memoryTree';

const image = catalogImage({ name: 'apiserver', dockerfile: 'backend/Dockerfile', repository: 'apiserver' });
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
  bypassesStore: true,
  rewritesTimes: true,
  exportsCache: true,
  pushesByDigest: true,
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
          'type=image,name=registry.test/project/apiserver,push-by-digest=true,push=true,store=false,oci-mediatypes=true,rewrite-timestamp=true,source-date-epoch=1767614400',
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

  it('is given the runner’s tokens only for its cache', () => {
    expect(buildCommand({ ...request, cache: 'gha' }, able).needs).toContain('ACTIONS_RUNTIME_TOKEN');
    for (const cache of ['none', 'registry'] as const)
      expect(buildCommand({ ...request, cache }, able).needs).toBeUndefined();
  });

  it('pushes the key’s tag where the builder can’t push by digest', () => {
    expect(all('--output', args({}, { pushesByDigest: false }))).toEqual([
      'type=image,name=registry.test/project/apiserver:key-1,push=true,store=false,oci-mediatypes=true,rewrite-timestamp=true,source-date-epoch=1767614400',
    ]);
  });

  it('does not depend on where the private folder is', () => {
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

  it('gives what the catalog names, and of secrets only where they are', () => {
    const options = {
      secrets: ['netrc', 'tls.ca', 'file'],
      ssh: ['default', 'key'],
      buildContexts: {
        shared: { kind: 'folder', path: 'libs/shared' },
        golang: { kind: 'image', reference: 'golang:1.26' },
        source: { kind: 'git', url: 'https://example.org/x.git#abc' },
      },
      labels: { team: 'ml', 'org.opencontainers.image.version': 'v{{short_sha}}' },
      annotations: { note: 'of {{branch}}' },
      noCache: false,
      network: 'none',
      addHosts: { 'mirror.corp': '10.0.0.1' },
      shmSize: '256m',
      ulimits: { nofile: '1:2' },
    } as const;
    const pinned = `docker.io/library/golang@sha256:${'a'.repeat(64)}`;
    const more: Partial<BuildRequest> = {
      image: { ...image, options },
      baseImages: new Map([['golang:1.26', pinned]]),
      contexts: new Map([['shared', 'real/shared']]),
      given: {
        secrets: new Map([
          ['netrc', { kind: 'value', value: 'hidden-1' }],
          ['tls.ca', { kind: 'value', value: 'hidden-2' }],
          ['file', { kind: 'file', path: '/a,"b' }],
        ]),
        ssh: new Map([
          ['default', ''],
          ['key', '/run/agent'],
        ]),
      },
    };
    const given = args(more);
    expect(all('--secret', given)).toEqual([
      'id=netrc,env=KFP_IMAGES_SECRET_netrc',
      'id=tls.ca,env=KFP_IMAGES_SECRET_tls_2e_ca',
      'id=file,"src=/a,""b"',
    ]);
    expect(buildCommand({ ...request, ...more }, able).env).toMatchObject({
      KFP_IMAGES_SECRET_netrc: 'hidden-1',
      KFP_IMAGES_SECRET_tls_2e_ca: 'hidden-2',
    });
    expect(given.join()).not.toContain('hidden');
    expect(all('--ssh', given)).toEqual(['default', 'key=/run/agent']);
    expect(all('--build-context', given)).toEqual([
      `golang:1.26=docker-image://${pinned}`,
      'shared=./real/shared',
      `golang=docker-image://${pinned}`,
      'source=https://example.org/x.git#abc',
    ]);
    expect(all('--label', given).slice(-3)).toEqual([
      'org.opencontainers.image.version=v0123456',
      'org.opencontainers.image.title=apiserver',
      'team=ml',
    ]);
    expect(all('--annotation', given)).toEqual(['note=of feature/x']);
    expect(all('--network', given)).toEqual(['none']);
    expect(all('--add-host', given)).toEqual(['mirror.corp:10.0.0.1']);
    expect(all('--shm-size', given)).toEqual(['256m']);
    expect(all('--ulimit', given)).toEqual(['nofile=1:2']);
    expect(given).not.toContain('--no-cache');
  });

  it('uses nothing of earlier builds where that is asked for', () => {
    const uncached = args({ noCache: true, cache: 'registry' });
    expect(uncached).toContain('--no-cache');
    expect(all('--cache-from', uncached)).toEqual([]);
    expect(all('--cache-to', uncached)).toHaveLength(1);
  });

  it('writes files where it does not push', () => {
    const destinations = [{ type: 'oci', file: '/out/a,b.tar' }, { type: 'docker' }] as const;
    expect(all('--output', args({ push: false, repository: 'apiserver', tag: 't', destinations }))).toEqual([
      'type=oci,"dest=/out/a,b.tar",name=apiserver:t,source-date-epoch=1767614400',
      'type=docker,name=apiserver:t,source-date-epoch=1767614400',
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

  it('names the builder that is asked for', () => {
    expect(args({ builder: 'farm' }).slice(0, 4)).toEqual(['buildx', 'build', '--builder', 'farm']);
    expect(args({})).not.toContain('--builder');
  });

  it('stores the image where buildx can do no other', () => {
    expect(args({}, { pushesByDigest: false, bypassesStore: false, rewritesTimes: false })).toContain(
      'type=image,name=registry.test/project/apiserver:key-1,push=true,oci-mediatypes=true,source-date-epoch=1767614400',
    );
  });
});
