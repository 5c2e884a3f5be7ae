import { describe, expect, it } from 'vitest';
import { engineTrouble, parseVersion, type Builder } from '../../src/builder/builder';
import { capabilitiesOf, checkBuilder } from '../../src/builder/capabilities';
import { parseInspect, versionOf, type BuilderNode } from '../../src/builder/buildxInspect';
import { EnvironmentError } from '../../src/errors';

type Said = Parameters<typeof parseVersion>[0];
const said = (stdout: string, exitCode = 0, stderr = ''): Said => ({ exitCode, stdout, stderr });

describe('parseVersion', () => {
  const cases: readonly (readonly [text: string, expected: readonly [number, number]])[] = [
    ['github.com/docker/buildx v0.29.1 a32761aeb3debd39be1eca514af3693af0db334b\n', [0, 29]],
    ['github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4\n', [0, 29]],
    ['github.com/docker/buildx v0.13.0-docker 542e5d810e4a1a155684f5f3c5bd7e797632a12f', [0, 13]],
    // `go install github.com/docker/buildx/cmd/buildx@latest`
    ['github.com/docker/buildx v0.0.0+unknown ', [9999, 0]],
    ['github.com/docker/buildx v1.0.0 abc', [1, 0]],
    ['github.com/docker/buildx 1ac7a56d', [9999, 0]],
  ];
  it.each(cases)('%s', (text, expected) => {
    expect(parseVersion(said(text))).toEqual(expected);
  });

  it('refuses what is too old, and says what to do', () => {
    expect(() => parseVersion(said('github.com/docker/buildx v0.12.1 abc'))).toThrow(EnvironmentError);
    expect(() => parseVersion(said('github.com/docker/buildx v0.12.1 abc'))).toThrow(
      /buildx 0\.12 is too old: 0\.13 or newer is needed\. Install it: https/,
    );
  });

  it('tells when there is none', () => {
    const none = said('', 1, "docker: unknown command: docker buildx\n\nRun 'docker --help' for more information\n");
    expect(() => parseVersion(none)).toThrow(
      'Docker has no buildx (docker: unknown command: docker buildx). Install it: https://',
    );
  });
});

const node = (more: Partial<BuilderNode>): BuilderNode => ({
  name: '',
  endpoint: '',
  status: '',
  version: undefined,
  platforms: [],
  error: undefined,
  ...more,
});

describe('versionOf', () => {
  it.each([
    ['v0.13.2', [0, 13]],
    ['0.34.2+ds1', [0, 34]],
    // Distributions and `go install` leave it out.
    ['v0.0.0+unknown', undefined],
    ['1ac7a56d', undefined],
    [undefined, undefined],
  ])('%s', (version, expected) => {
    expect(versionOf({ version })).toEqual(expected);
  });
});

describe('parseInspect', () => {
  it('reads the builder of an engine', () => {
    const text = `Name:          default
Driver:        docker
Last Activity: 2026-11-23 06:33:12 +0000 UTC

Nodes:
Name:             node
Endpoint:         default
Status:           running
Platforms:        linux/amd64*, linux/amd64/v2, linux/386
Labels:
 org.mobyproject.buildkit.worker.moby.host-gateway-ip: 172.17.0.1
`;
    expect(parseInspect(text)).toEqual({
      name: 'default',
      driver: 'docker',
      nodes: [
        node({
          name: 'node',
          endpoint: 'default',
          status: 'running',
          platforms: ['linux/amd64', 'linux/amd64/v2', 'linux/386'],
        }),
      ],
      error: undefined,
    });
  });

  it('reads a builder that has not started', () => {
    const text =
      'Name:   ci\nDriver: docker-container\n\nNodes:\nName:     ci0\nEndpoint: unix:///var/run/docker.sock\nStatus:   inactive\n';
    expect(parseInspect(text)).toEqual({
      name: 'ci',
      driver: 'docker-container',
      nodes: [node({ name: 'ci0', endpoint: 'unix:///var/run/docker.sock', status: 'inactive' })],
      error: undefined,
    });
  });

  it.each(['Buildkit', 'BuildKit version'])('reads every node, with what old and new buildx call %s', (field) => {
    const text = `Name:          farm
Driver:        remote

Nodes:
Name:           farm0
Endpoint:       tcp://a:1234
Status:         running
${field}:       v0.12.5
Platforms:      linux/amd64 (+3), linux/386
GC Policy rule#0:
 All:            false
 Filters:        type==source.local
Name:           farm1
Endpoint:       tcp://b:1234
Error:          no route to host
Platforms:      linux/arm64
`;
    expect(parseInspect(text).nodes).toEqual([
      node({
        name: 'farm0',
        endpoint: 'tcp://a:1234',
        status: 'running',
        version: 'v0.12.5',
        platforms: ['linux/amd64', 'linux/386'],
      }),
      node({ name: 'farm1', endpoint: 'tcp://b:1234', platforms: ['linux/arm64'], error: 'no route to host' }),
    ]);
  });

  it('reads the error of an engine that does not answer', () => {
    const text =
      'Name:          default\nDriver:        \nError:         Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?\n';
    expect(parseInspect(text).error).toBe(
      'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
    );
  });
});

describe('engineTrouble', () => {
  const cases: readonly (readonly [said: string, fix: RegExp])[] = [
    [
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      /does not answer: Cannot .*\nStart it/,
    ],
    [
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
      /may not use the Docker engine.*\nAdd the user to the group "docker"/,
    ],
    ['ERROR: no builder "ci" found', /^no builder "ci" found\. List the builders with `docker buildx ls`/],
    [
      'Failed to initialize: unable to resolve docker endpoint: context "mine": context not found',
      /docker context use NAME/,
    ],
    ['', /it said nothing/],
  ];
  it.each(cases)('%s', (text, fix) => {
    expect(engineTrouble(text)).toBeInstanceOf(EnvironmentError);
    expect(engineTrouble(text).message).toMatch(fix);
  });
});

const builder = (more: Partial<Builder> = {}): Builder => ({
  name: 'default',
  driver: 'docker',
  store: 'containerd',
  buildx: [0, 29],
  nodes: [],
  platforms: ['linux/amd64'],
  ...more,
});
const own = builder({ driver: 'docker-container', store: undefined });
const classic = builder({ store: 'classic' });
const wish = { platforms: ['linux/amd64'], push: true, cache: 'none' } as const;

describe('what a builder can do', () => {
  it('depends on its store and on buildx', () => {
    expect(capabilitiesOf(builder())).toEqual({
      rewritesTimes: true,
      bypassesStore: true,
      exportsCache: true,
      pushesByDigest: false,
      multiPlatform: true,
      loadsMultiPlatform: true,
    });
    expect(capabilitiesOf(own)).toEqual({
      rewritesTimes: true,
      bypassesStore: true,
      exportsCache: true,
      pushesByDigest: true,
      multiPlatform: true,
      loadsMultiPlatform: false,
    });
    expect(capabilitiesOf(classic)).toEqual({
      rewritesTimes: false,
      bypassesStore: true,
      exportsCache: false,
      pushesByDigest: false,
      multiPlatform: false,
      loadsMultiPlatform: false,
    });
  });

  it('depends on the versions of buildx and BuildKit', () => {
    const able = (more: Partial<Builder>): unknown => {
      const { rewritesTimes, bypassesStore } = capabilitiesOf(builder(more));
      return { rewritesTimes, bypassesStore };
    };
    expect(able({ buildx: [0, 21] })).toEqual({ rewritesTimes: false, bypassesStore: false });
    expect(able({ buildx: [0, 22] })).toEqual({ rewritesTimes: true, bypassesStore: true });
    expect(able({ buildx: [1, 0] })).toEqual({ rewritesTimes: true, bypassesStore: true });
    expect(able({ ...own, buildx: [0, 13] })).toEqual({ rewritesTimes: true, bypassesStore: true });
    const nodes = (version: string): readonly BuilderNode[] => [node({}), node({ name: 'b', version })];
    expect(able({ ...own, nodes: nodes('v0.12.5') })).toEqual({ rewritesTimes: false, bypassesStore: true });
    expect(able({ ...own, nodes: nodes('v0.13.0') })).toEqual({ rewritesTimes: true, bypassesStore: true });
    expect(able({ ...own, nodes: nodes('v0.0.0+unknown') })).toEqual({ rewritesTimes: true, bypassesStore: true });
    expect(checkBuilder(builder({ buildx: [0, 21] }), wish).join()).toMatch(
      /^buildx 0\.21 can't set file times.*0\.22/,
    );
    expect(checkBuilder({ ...own, name: 'farm', nodes: nodes('v0.12.5') }, wish).join()).toMatch(
      /^BuildKit of the builder farm can't set file times.*: b \(v0\.12\.5\) is older than 0\.13\. Update/,
    );
  });

  it('is enough: nothing to say', () => {
    expect(checkBuilder(builder(), { ...wish, cache: 'registry' })).toEqual([]);
    expect(checkBuilder(own, { ...wish, cache: 'gha' })).toEqual([]);
    expect(checkBuilder(classic, { ...wish, push: false })).toEqual([]);
  });

  it('is not enough for several platforms', () => {
    const platforms = ['linux/amd64', 'linux/arm64'];
    expect(() => checkBuilder(classic, { ...wish, platforms })).toThrow(
      /classic image store can't hold several platforms \(linux\/amd64, linux\/arm64\)\. Turn on the containerd/,
    );
    expect(() => checkBuilder(own, { ...wish, platforms, push: false })).toThrow(/loaded into the engine/);
    expect(() => checkBuilder(own, { ...wish, platforms })).not.toThrow();
  });

  it('is not enough where the only node for a platform is silent; one that others stand in for is only named', () => {
    const silent = node({ name: 'b', endpoint: 'tcp://b:1', status: 'inactive', platforms: ['linux/arm64'] });
    const farm = { ...own, name: 'farm', driver: 'remote' };
    const answering = node({ name: 'a', status: 'running', platforms: ['linux/amd64'] });
    expect(() => checkBuilder({ ...farm, nodes: [silent] }, wish)).toThrow(
      /^The builder farm does not answer \(node b at tcp:\/\/b:1\), so nothing was built\.\nStart it.*input builder/,
    );
    const both = { ...farm, nodes: [answering, silent], platforms: ['linux/amd64'] };
    expect(() => checkBuilder(both, { ...wish, platforms: ['linux/arm64'] })).toThrow(
      /^The builder farm does not answer for linux\/arm64 \(node b/,
    );
    expect(checkBuilder(both, wish)).toEqual([
      expect.stringMatching(
        /^The builder farm has nodes that do not answer \(node b at tcp:\/\/b:1\); the others build/,
      ),
    ]);
    // Started by the first build.
    const waiting = node({ name: 'ci0', status: 'inactive' });
    expect(checkBuilder({ ...own, nodes: [waiting] }, wish)).toEqual([]);
  });

  it('is enough in part', () => {
    expect(checkBuilder(classic, { ...wish, cache: 'registry' }).join('\n')).toMatch(
      /cache: registry only reads one(.|\n)*gives other digests/,
    );
    expect(checkBuilder(builder(), { ...wish, platforms: ['linux/arm64'] })).toEqual([
      expect.stringMatching(/does not say that it can run linux\/arm64/),
    ]);
    expect(checkBuilder(builder({ platforms: [] }), { ...wish, platforms: ['linux/arm64'] })).toEqual([]);
  });
});
