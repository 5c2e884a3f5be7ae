import { describe, expect, it } from 'vitest';
import { engineTrouble, parseInspect, parseVersion, type Builder } from '../../src/build/builder';
import { capabilitiesOf, checkBuilder } from '../../src/build/capabilities';
import { EnvironmentError } from '../../src/errors';

const said = (stdout: string, exitCode = 0, stderr = ''): { exitCode: number; stdout: string; stderr: string } => ({
  exitCode,
  stdout,
  stderr,
});

describe('parseVersion', () => {
  const cases: readonly (readonly [text: string, expected: readonly [number, number]])[] = [
    ['github.com/docker/buildx v0.29.1 a32761aeb3debd39be1eca514af3693af0db334b\n', [0, 29]],
    ['github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4\n', [0, 29]],
    ['github.com/docker/buildx v0.12.0-docker 542e5d810e4a1a155684f5f3c5bd7e797632a12f', [0, 12]],
    ['github.com/docker/buildx v1.0.0 abc', [1, 0]],
    ['github.com/docker/buildx 1ac7a56d', [9999, 0]],
  ];
  it.each(cases)('%s', (text, expected) => {
    expect(parseVersion(said(text))).toEqual(expected);
  });

  it('refuses what is too old, and says what to do', () => {
    expect(() => parseVersion(said('github.com/docker/buildx v0.11.2 abc'))).toThrow(EnvironmentError);
    expect(() => parseVersion(said('github.com/docker/buildx v0.11.2 abc'))).toThrow(
      /buildx 0\.11 is too old: 0\.12 or newer is needed\. Install it: https/,
    );
  });

  it('tells when there is none', () => {
    const none = said('', 1, "docker: unknown command: docker buildx\n\nRun 'docker --help' for more information\n");
    expect(() => parseVersion(none)).toThrow(
      'Docker has no buildx (docker: unknown command: docker buildx). Install it: https://',
    );
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
      platforms: ['linux/amd64', 'linux/amd64/v2', 'linux/386'],
      error: undefined,
    });
  });

  it('reads a builder that has not started', () => {
    const text =
      'Name:   ci\nDriver: docker-container\n\nNodes:\nName:     ci0\nEndpoint: unix:///var/run/docker.sock\nStatus:   inactive\n';
    expect(parseInspect(text)).toEqual({ name: 'ci', driver: 'docker-container', platforms: [], error: undefined });
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
  const cases: readonly (readonly [said: string, mend: RegExp])[] = [
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
  it.each(cases)('%s', (text, mend) => {
    expect(engineTrouble(text)).toBeInstanceOf(EnvironmentError);
    expect(engineTrouble(text).message).toMatch(mend);
  });
});

const builder = (more: Partial<Builder> = {}): Builder => ({
  name: 'default',
  driver: 'docker',
  store: 'containerd',
  buildx: [0, 29],
  platforms: ['linux/amd64'],
  ...more,
});
const own = builder({ driver: 'docker-container', store: undefined });
const classic = builder({ store: 'classic' });
const wish = { platforms: ['linux/amd64'], push: true, cache: 'none' } as const;

describe('what a builder can do', () => {
  it('depends on its store and on buildx', () => {
    expect(capabilitiesOf(builder())).toEqual({
      rawProgress: true,
      rewritesTimes: true,
      exportsCache: true,
      multiPlatform: true,
      loadsMultiPlatform: true,
    });
    expect(capabilitiesOf(own)).toEqual({
      rawProgress: true,
      rewritesTimes: true,
      exportsCache: true,
      multiPlatform: true,
      loadsMultiPlatform: false,
    });
    expect(capabilitiesOf(classic)).toEqual({
      rawProgress: true,
      rewritesTimes: false,
      exportsCache: false,
      multiPlatform: false,
      loadsMultiPlatform: false,
    });
    expect(capabilitiesOf(builder({ buildx: [0, 12] })).rawProgress).toBe(false);
    expect(capabilitiesOf(builder({ buildx: [1, 0] })).rawProgress).toBe(true);
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
