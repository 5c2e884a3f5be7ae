import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { parse } from 'yaml';
import { actionInputs, actionOutputs, type ActionInput } from '../../src/event/inputs';

const root = join(import.meta.dirname, '..', '..');
const action: unknown = parse(readFileSync(join(root, 'action.yml'), 'utf8'));
const { inputs, outputs } = v.parse(
  v.object({ inputs: v.record(v.string(), v.unknown()), outputs: v.record(v.string(), v.unknown()) }),
  action,
);

describe('action.yml', () => {
  test('has the inputs of the table, in its order', () => {
    const expected = actionInputs.map((input: ActionInput) => [
      input.name,
      { description: input.description, ...(input.default === '' ? {} : { default: input.default }) },
    ]);
    expect(inputs).toEqual(Object.fromEntries(expected));
    expect(Object.keys(inputs)).toEqual(actionInputs.map((input) => input.name));
    expect(Object.keys(inputs)).toEqual([
      'registry-path',
      'registry-hosts',
      'credentials-json',
      'images',
      'commit-message',
      'catalog',
      'working-directory',
      'context',
      'rebuild',
      'tags',
      'latest',
      'diverged',
      'platforms',
      'builder',
      'max-parallel',
      'cache',
      'no-cache',
      'secrets',
      'secret-envs',
      'secret-files',
      'ssh',
      'fail-fast',
      'push',
      'load',
      'outputs',
      'dry-run',
      'create-repository',
      'fan-out',
      'max-shards',
      'runs-on',
      'shard',
      'shards',
      'provenance',
      'sbom',
      'sign',
      'sign-key',
      'github-token',
    ]);
  });

  test('has the outputs of the table', () => {
    const expected = actionOutputs.map((output) => [output.name, { description: output.description }]);
    expect(outputs).toEqual(Object.fromEntries(expected));
    expect(Object.keys(outputs)).toEqual([
      'keywords',
      'plan',
      'images',
      'built',
      'reused',
      'matrix',
      'lock-file',
      'attestations',
    ]);
  });

  test('runs the two bundles on Node 24, the second always', () => {
    expect(action).toHaveProperty('runs', {
      using: 'node24',
      main: 'dist/main/index.js',
      post: 'dist/post/index.js',
      'post-if': 'always()',
    });
  });

  test('has what the Marketplace asks for', () => {
    // https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax: a description is cut at 125 characters there.
    expect(action).toHaveProperty('name', 'kfp-images');
    expect(action).toHaveProperty('branding', { icon: 'layers', color: 'blue' });
    expect(action).toHaveProperty('description', expect.stringMatching(/^.{20,125}$/));
  });

  test('a choice lists its own default', () => {
    const choices = actionInputs.filter((input) => input.kind === 'choice');
    expect(choices).toHaveLength(7);
    for (const input of choices) expect(input.choices).toContain(input.default);
  });
});
