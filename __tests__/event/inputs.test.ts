import { getInput } from '@actions/core';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors';
import { actionInputs, type InputName } from '../../src/event/inputs';
import { readInputs } from '../../src/event/readInputs';
import type { Inputs } from '../../src/types';

const read = (given: Partial<Record<InputName, string>> = {}, cpus = 4): Inputs =>
  readInputs((name) => given[name] ?? '', { cpus });

const defaults: Inputs = {
  registryPath: '',
  credentialsJson: '',
  registryHosts: new Map(),
  images: [],
  commitMessage: undefined,
  catalog: undefined,
  workingDirectory: '.',
  context: 'commit',
  rebuild: 'changed',
  tags: ['commit-{{sha}}'],
  latest: 'default-branch',
  diverged: 'warn',
  platforms: ['linux/amd64'],
  builder: undefined,
  maxParallel: 4,
  cache: 'auto',
  noCache: false,
  secrets: new Map(),
  secretEnvs: new Map(),
  secretFiles: new Map(),
  ssh: new Map(),
  load: false,
  outputs: [],
  failFast: false,
  push: true,
  dryRun: false,
  createRepository: false,
  fanOut: 'none',
  maxShards: 8,
  runsOn: {},
  shard: '',
  shards: '',
  provenance: false,
  sbom: { kind: 'none' },
  sign: 'none',
  signKey: '',
  githubToken: '',
};

test('nothing given gives the defaults', () => {
  expect(read()).toEqual(defaults);
  expect(readInputs(() => ' \n', { cpus: 0 }).maxParallel).toBe(1);
});

describe('a value that is understood', () => {
  const understood: readonly (readonly [InputName, string, Partial<Inputs>])[] = [
    ['registry-path', ' europe-west3-docker.pkg.dev/p/r/ ', { registryPath: 'europe-west3-docker.pkg.dev/p/r/' }],
    ['credentials-json', '{"a":1}\n', { credentialsJson: '{"a":1}' }],
    ['images', 'driver, launcher\napiserver\r\n,driver', { images: ['driver', 'launcher', 'apiserver'] }],
    ['images', '["driver", "launcher"]\n', { images: ['driver', 'launcher'] }],
    ['images', '[]', { images: [] }],
    ['images', '[driver]', { images: ['[driver]'] }],
    ['commit-message', 'Fix\n\n[driver]', { commitMessage: 'Fix\n\n[driver]' }],
    ['catalog', 'ci/images.yaml', { catalog: 'ci/images.yaml' }],
    ['working-directory', 'fork', { workingDirectory: 'fork' }],
    ['context', 'workspace', { context: 'workspace' }],
    ['rebuild', 'all', { rebuild: 'all' }],
    [
      'tags',
      '{{branch}}\ncommit-{{ sha }},v1-{{short_sha}}',
      { tags: ['{{branch}}', 'commit-{{sha}}', 'v1-{{short_sha}}'] },
    ],
    ['latest', 'never', { latest: 'never' }],
    ['platforms', 'linux/amd64,linux/arm64/v8', { platforms: ['linux/amd64', 'linux/arm64/v8'] }],
    ['runs-on', 'big', { runsOn: 'big' }],
    ['runs-on', '{"linux/arm64": "arm"}', { runsOn: { 'linux/arm64': 'arm' } }],
    ['runs-on', '["self-hosted", "large"]', { runsOn: ['self-hosted', 'large'] }],
    ['runs-on', '{"linux/arm64": ["self-hosted", "arm"]}', { runsOn: { 'linux/arm64': ['self-hosted', 'arm'] } }],
    ['fan-out', 'platforms', { fanOut: 'platforms' }],
    ['builder', 'farm-1', { builder: 'farm-1' }],
    ['max-parallel', '12', { maxParallel: 12 }],
    ['cache', 'gha', { cache: 'gha' }],
    ['fail-fast', 'TRUE', { failFast: true }],
    ['push', 'False', { push: false }],
    ['dry-run', 'true', { dryRun: true }],
    ['create-repository', 'true', { createRepository: true }],
    ['provenance', 'true', { provenance: true }],
    ['sbom', 'true', { sbom: { kind: 'binaries' } }],
    ['sbom', 'false', { sbom: { kind: 'none' } }],
    [
      'sbom',
      'generator=docker/buildkit-syft-scanner:1',
      { sbom: { kind: 'generator', image: 'docker/buildkit-syft-scanner:1' } },
    ],
    ['sign', 'keyless', { sign: 'keyless' }],
    ['sign-key', 'PEM', { signKey: 'PEM' }],
    ['github-token', 'ghs_x', { githubToken: 'ghs_x' }],
  ];
  test.each(understood)('%s: %j', (name, value, expected) => {
    expect(read({ [name]: value })).toEqual({ ...defaults, ...expected });
  });
});

describe('a value that is not understood names the input, the value and what is allowed', () => {
  const refused: readonly (readonly [InputName, string, string])[] = [
    ['context', 'commmit', 'input context: "commmit" is not one of commit, workspace; did you mean "commit"?'],
    ['rebuild', 'Changed', 'input rebuild: "Changed" is not one of changed, all; did you mean "changed"?'],
    ['latest', 'true', 'input latest: "true" is not one of default-branch, always, never'],
    ['cache', 'gh\u0007a', 'input cache: "gh\\u{7}a" is not one of auto, none, registry, gha'],
    ['push', 'yes', 'input push: "yes" is not true or false'],
    ['dry-run', '1', 'input dry-run: "1" is not true or false'],
    ['fail-fast', 'tRUE', 'input fail-fast: "tRUE" is not true or false'],
    ['runs-on', '{"arm64": "arm"}', 'input runs-on: "{\\"arm64\\": \\"arm\\"}" is neither a label, nor JSON'],
    ['runs-on', '{', 'input runs-on: "{" is neither a label, nor JSON'],
    ['runs-on', '[]', 'input runs-on: "[]" is neither a label, nor JSON'],
    ['runs-on', '["a", 7]', 'input runs-on: "[\\"a\\", 7]" is neither a label, nor JSON'],
    ['runs-on', '{"linux/arm64": []}', 'input runs-on: "{\\"linux/arm64\\": []}" is neither a label, nor JSON'],
    ['builder', '--rm', 'input builder: "--rm" is not the name of a builder'],
    ['max-parallel', '0', 'input max-parallel: "0" is not a whole number from 1 to 9999'],
    ['max-parallel', '1e3', 'input max-parallel: "1e3" is not a whole number'],
    ['max-parallel', '-1', 'input max-parallel: "-1" is not a whole number'],
    ['platforms', 'amd64', 'input platforms: "amd64" is not a platform: os/architecture[/variant]'],
    ['platforms', 'linux/amd64;linux/arm64', 'is not a platform'],
    ['platforms', ',', 'input platforms: at least one must be given'],
    ['tags', ', ,', 'input tags: at least one must be given'],
    ['tags', '{{shaa}}', 'has the unknown placeholder "shaa"; known: {{sha}}, {{short_sha}}, {{branch}}'],
    ['tags', '{{brnach}}', 'did you mean "branch"?'],
    ['tags', '{{sha}', 'has an unfinished placeholder'],
    ['tags', 'a b', '"a b" is not a tag'],
    ['tags', '-{{sha}}', 'is not a tag'],
    ['tags', 'x'.repeat(129), 'is not a tag'],
    ['tags', 'latest', 'is moved by the input latest'],
    ['tags', 'key-{{sha}}', 'begins with key-'],
  ];
  test.each(refused)('%s: %j', (name, value, text) => {
    const act = (): unknown => read({ [name]: value });
    expect(act).toThrow(UsageError);
    expect(act).toThrow(text);
  });

  test('all at once', () => {
    const act = (): unknown => read({ context: 'x', push: 'x', tags: 'a b,c d', 'max-parallel': 'x' });
    expect(act).toThrow(
      /^input context: .*\ninput tags: "a b".*\ninput tags: "c d".*\ninput max-parallel: .*\ninput push: .*$/,
    );
  });

  test('whatever is given: an answer or a UsageError of printable lines, and no secret in it', () => {
    const values = fc.record(
      Object.fromEntries(actionInputs.map(({ name }) => [name, fc.string({ unit: 'binary' })])),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(values, (given) => {
        const secrets = { 'credentials-json': 'SECRET-KEY', 'github-token': 'SECRET-TOKEN', 'sign-key': 'SECRET-PEM' };
        try {
          read({ ...given, ...secrets });
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UsageError);
          expect(String(thrown)).not.toMatch(/SECRET|[\u0000-\u0009\u000b-\u001f]/);
        }
      }),
    );
  });
});

describe('as a runner gives them', () => {
  const set: string[] = [];
  const setInput = (name: string, value: string): void => {
    set.push(`INPUT_${name.toUpperCase()}`);
    process.env[`INPUT_${name.toUpperCase()}`] = value;
  };
  afterEach(() => {
    for (const name of set.splice(0)) Reflect.deleteProperty(process.env, name);
  });

  test('through @actions/core', () => {
    for (const input of actionInputs) setInput(input.name, input.default);
    setInput('images', 'driver\nlauncher\n');
    setInput('github-token', 'ghs_x');
    expect(readInputs(getInput, { cpus: 4 })).toEqual({
      ...defaults,
      images: ['driver', 'launcher'],
      githubToken: 'ghs_x',
    });
  });
});
