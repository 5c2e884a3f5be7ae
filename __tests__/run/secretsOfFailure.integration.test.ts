import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretsOfKey } from '../faults/endToEndRegistry';
import { SecretSearch } from '../faults/secrets';
import { searchEngineData, type EngineData } from '../support/engineData';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy';
import type { StepResult } from '../support/runner';
import { filesWithTraces, formsOf, watchChildren } from './secretTraces';
import { before, bundle, createWorld, programs, stackLine, step, whereIs, type World } from './world';

/* Where the secrets of a run are that fails when it pushes: in what it says, in its children, in the registry, and in the engine's own data. */

let world: World;
let proxy: FaultProxy;
let result: StepResult;
let children: ReadonlySet<string>;
let engine: EngineData;
let forms: readonly string[];
let called: readonly string[];

/** Each stands for a kind of secret; nobody else has it. */
const secrets = {
  input: `input-${randomUUID()}`,
  token: `ghs_${randomUUID()}`,
  runner: `runner-${randomUUID()}`,
  build: `build-${randomUUID()}`,
};
/** In the image and in the log of the build: it has to be found where the engine keeps them. */
const openly = `openly-${randomUUID()}`;

beforeAll(async () => {
  world = await createWorld();
  proxy = await startFaultProxy(world.registry.host);
  // Everything is uploaded; only the manifest, which comes last, is refused.
  proxy.behave({ seed: 1, rate: 0, redirects: false, denial: { pattern: /^PUT \/v2\/.*\/manifests\//, kind: '403' } });
  await world.fork.commit('Push it [tool]', {
    'kfp-images.yaml': 'version: 1\nimages:\n  tool: { dockerfile: Dockerfile, secrets: [token] }\n',
    Dockerfile: [
      'FROM kfp-images-demo/alpine:3.21',
      'RUN --mount=type=secret,id=token test -s /run/secrets/token && cat /run/secrets/token >/dev/null',
      `RUN echo ${openly} | tee /openly`,
      '',
    ].join('\n'),
  });
  // What a child is given, as it is given: looking at processes again and again may miss one.
  // One file each: they run side by side.
  const seen = join(world.folder.path, 'children');
  await mkdir(seen);
  const tell = (program: string): string => `cat /proc/$$/cmdline /proc/$$/environ >>${seen}/$$; exec ${program} "$@"`;
  const bin = await programs(world.folder.path, {
    docker: tell(await whereIs('docker')),
    git: tell(await whereIs('git')),
  });
  const mark = randomUUID();
  const start = Date.now();
  const watching = watchChildren(mark, [bundle('main'), bundle('post')]);
  const path = world.registry.path.replace(world.registry.host, proxy.host);
  result = await step(world, {
    inputs: {
      'registry-path': path,
      'github-token': secrets.input,
      secrets: `token=${secrets.build}`,
      provenance: 'false',
    },
    env: {
      KFP_IMAGES_TEST_MARK: mark,
      PATH: before(bin),
      GITHUB_TOKEN: secrets.token,
      GCP_SA_KEY: world.registry.keyJson,
      ACTIONS_RUNTIME_TOKEN: secrets.runner,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: secrets.runner,
    },
  });
  children = await watching.stop();
  called = await Promise.all((await readdir(seen)).map((name) => readFile(join(seen, name), 'latin1')));
  // Some lines of the key stand for all of it: there is much to look through.
  const key = formsOf(world.registry.keyJson);
  forms = [...key.slice(4, 16), ...key.slice(-4), ...Object.values(secrets)];
  engine = await searchEngineData(start, [openly, ...forms]);
});
afterAll(async () => {
  await proxy.close();
  await world[Symbol.asyncDispose]();
});

/** Of all of them, or of those that no child at all may have. */
function search(which = Object.values(secrets)): SecretSearch {
  const found = new SecretSearch();
  for (const secret of [...secretsOfKey(world.registry.keyJson), ...which]) found.add(secret);
  return found;
}

it('fails, because of the push and after the build', () => {
  expect(result.exitCode, result.stdout).toBe(1);
  expect(result.stdout).toMatch(/^::error.*tool/m);
  expect(result.stdout).toContain(openly);
  expect(result.stdout).not.toMatch(stackLine);
  expect(proxy.faults.get('403')).toBeGreaterThan(0);
});

describe('a secret is', () => {
  it('found by this search where it is', () => {
    const all = search();
    for (const secret of [world.registry.keyJson, ...Object.values(secrets)]) {
      expect(all.find(secret)).toBeDefined();
      expect(all.find(Buffer.from(`_json_key:${secret}`).toString('base64'))).toBeDefined();
    }
  });

  it('not in the log, the outputs, the summary', () => {
    expect(search().find(result.stdout + result.stderr + result.summary)).toBeUndefined();
    expect(search().find([...result.outputs.values()].join('\n'))).toBeUndefined();
  });

  it('in the arguments and the environment of no child', () => {
    const texts = [...called, ...children];
    for (const program of ['/git\0', '/docker\0', 'buildx\0build\0'])
      expect(
        texts.some((text) => text.includes(program)),
        program,
      ).toBe(true);
    const [all, others] = [search(), search([secrets.input, secrets.token, secrets.runner])];
    for (const text of texts) {
      const [args = ''] = text.split('\0KFP_IMAGES_TEST_MARK=');
      // The build that has the secret gets it by its environment, and nobody else.
      const isBuild = /buildx\0build\0/.test(text) && text.includes('id=token,env=');
      expect((isBuild ? others : all).find(text), args.slice(0, 200)).toBeUndefined();
      expect(text).not.toMatch(/\0(?:INPUT_|STATE_|ACTIONS_|GITHUB_TOKEN=|GCP_SA_KEY=)/);
    }
  });

  it('not in the engine’s own data, which holds the build', () => {
    expect(engine.files.size).toBeGreaterThan(10);
    expect(forms).toHaveLength(16 + Object.keys(secrets).length);
    expect([...engine.found]).toEqual([openly]);
  });

  it('not in the registry, not in the work tree', async () => {
    const all = [...formsOf(world.registry.keyJson), ...Object.values(secrets)];
    expect(await filesWithTraces(world.registry.dataDir, all)).toEqual([]);
    expect(await filesWithTraces(world.fork.directory, all)).toEqual([]);
  });
});
