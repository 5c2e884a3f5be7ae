import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildOutcome } from '../../src/types';
import { readManifest } from '../../src/oci/manifest';
import { pinBases } from '../../src/builder/pinnedBases';
import { testClient } from '../support/registryClient';
import { startRegistry, type TestRegistry } from '../support/registry';
import { base, openWorkbench, type Workbench } from './workbench';

const digest = `sha256:${'a'.repeat(64)}`;
const pinned = `docker.io/library/alpine@${digest}`;

/** The text, and the names of the contexts that are left. */
function pin(text: string, ...references: readonly string[]): readonly string[] {
  const result = pinBases(text, {}, new Map(references.map((reference) => [reference, pinned])));
  return [result.text.replaceAll(pinned, 'PIN'), ...result.contexts.keys(), ...result.notes];
}

describe('a base image whose name a stage has', () => {
  const cases: readonly (readonly [
    name: string,
    text: string,
    references: readonly string[],
    expected: readonly string[],
  ])[] = [
    ['none', 'FROM alpine AS base', ['alpine'], ['FROM alpine AS base', 'alpine']],
    ['the same name', 'FROM alpine AS alpine', ['alpine'], ['FROM PIN AS alpine']],
    [
      'in capitals, with a host, a folder, a tag',
      'FROM docker.io/library/alpine:latest AS Alpine\r\nRUN true',
      ['docker.io/library/alpine:latest'],
      ['FROM PIN AS Alpine\r\nRUN true'],
    ],
    [
      'a later stage',
      'from --platform=$TARGETPLATFORM alpine as a\nFROM a AS alpine',
      ['alpine'],
      ['from --platform=$TARGETPLATFORM PIN as a\nFROM a AS alpine'],
    ],
    ['another tag', 'FROM alpine:3 AS alpine', ['alpine:3'], ['FROM alpine:3 AS alpine', 'alpine:3']],
    ['by argument', 'ARG B=alpine\nFROM $B AS alpine', ['alpine'], ['ARG B=alpine\nFROM PIN AS alpine']],
    [
      'copied from and mounted',
      'FROM x AS alpine\nFROM y\nCOPY --chown=1 --from=docker.io/alpine /a /\nRUN --mount=from=docker.io/alpine,target=/m true',
      ['docker.io/alpine', 'x', 'y'],
      ['FROM x AS alpine\nFROM y\nCOPY --chown=1 --from=PIN /a /\nRUN --mount=from=PIN,target=/m true', 'x', 'y'],
    ],
    [
      'over two lines',
      'FROM \\\nalpine AS alpine',
      ['alpine'],
      ['FROM \\\nalpine AS alpine', 'line 1: alpine is taken by its tag, because a stage has its name'],
    ],
    ['a text that can not be read', 'RUN <<E', ['alpine'], ['RUN <<E', 'alpine']],
  ];
  it.each(cases)('%s', (_, text, references, expected) => {
    expect(pin(text, ...references)).toEqual(expected);
  });
});

function digestOf({ outcome }: { readonly outcome: BuildOutcome }): string {
  if (outcome.kind !== 'built') throw new Error(JSON.stringify(outcome));
  return outcome.digest;
}

describe('a build', () => {
  let registry: TestRegistry;
  let bench: Workbench;
  beforeAll(async () => {
    registry = await startRegistry();
    bench = await openWorkbench(registry);
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
    await registry.stop();
  });

  it('has what a stage of its base image’s name adds', async () => {
    await bench.write({ 'base/Dockerfile': `FROM ${base}\n` });
    const made = await bench.build({
      name: 'base',
      repository: 'base',
      context: 'base',
      dockerfile: 'base/Dockerfile',
    });
    const pins = new Map([['alpine', `${registry.path}/base@${digestOf(made)}`]]);
    await bench.write({ Dockerfile: 'FROM alpine AS alpine\nCOPY added /added\n', added: 'yes' });
    const image = digestOf(await bench.build({}, { pins }));
    const client = testClient({ login: registry }).registry;
    const content = readManifest((await client.manifest(`${registry.path}/driver`, image))?.bytes ?? Buffer.alloc(0));
    if (content?.config === undefined) throw new Error('no image');
    const config = await client.blob(`${registry.path}/driver`, content.config.digest);
    expect(Buffer.from(config).toString('utf8')).toContain('COPY added /added');
  });
});
