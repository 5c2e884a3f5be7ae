import { expect } from 'vitest';
import { kfpCatalog } from '../../../src/catalog/kfp';
import { editFiles, type Edited, type EditRules } from '../../../src/deploy/gitops/edits';
import { pathRule, placeholderRule } from '../../../src/deploy/gitops/rules';
import { wantedImages } from '../../../src/deploy/gitops/wanted';
import { requireWholeSet } from '../../../src/deploy/gitops/wholeSet';
import type { LockFile } from '../../../src/types';
import { lockOf, referenceOf } from '../lockOf';

/* Files written by a set, as the tests of formats compare them. */

export const registryPath = 'europe-west3-docker.pkg.dev/p/r';
export const lock = lockOf('one');
export const next = lockOf('two');
export const api = referenceOf(lock, 'apiserver');
export const driver = referenceOf(lock, 'driver');
export const launcher = referenceOf(lock, 'launcher');
export const digestOf = (name: string, set = lock): string => set.images[name]?.digest ?? '';
export const zero = `sha256:${'0'.repeat(64)}`;
export const old = (name: string): string => `${registryPath}/${name}@${zero}`;

export interface Flags {
  readonly set?: readonly string[];
  readonly value?: readonly string[];
  readonly lock?: LockFile;
  readonly baked?: boolean;
}

export function rulesOf({ set = [], value = [], lock: by = lock, baked = false }: Flags = {}): EditRules {
  const images = wantedImages(kfpCatalog, by, []);
  return {
    images,
    placeholders: set.map((flag) => placeholderRule(flag, images)),
    paths: value.map((flag) => pathRule(flag, images)),
    bakedVariables: baked,
  };
}

export function edited(files: Readonly<Record<string, string>>, flags: Flags = {}): Edited {
  const rules = rulesOf(flags);
  const done = editFiles(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    rules,
  );
  return { ...done, warnings: [...done.warnings, ...requireWholeSet(done.files, rules, done.warnings)] };
}

/** One file after a whole set was written, and nothing more to write then. */
export function after(text: string, flags: Flags = {}, path = 'a.yaml'): string {
  const [file] = edited({ [path]: text }, flags).files;
  const made = file?.after ?? '';
  expect(edited({ [path]: made }, flags).files[0]?.edits).toEqual([]);
  return made;
}

/** `text` with every old reference, digest and name replaced by hand. */
export const byHand = (text: string, changes: readonly (readonly [string, string])[]): string =>
  changes.reduce((all, [from, to]) => {
    expect(all).toContain(from);
    return all.replaceAll(from, to);
  }, text);

export const variables = (indent = ''): string =>
  [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata: {name: ml-pipeline}',
    'spec:',
    '  template:',
    '    spec:',
    '      containers:',
    '      - name: ml-pipeline-api-server',
    '        env:',
    `        - {name: V2_DRIVER_IMAGE, value: "${old('driver')}"} # why`,
    '        - name: V2_LAUNCHER_IMAGE',
    `          value: ${old('launcher')}`,
    '',
  ]
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n');
export const newVariables = [
  [old('driver'), driver],
  [old('launcher'), launcher],
] as const;
