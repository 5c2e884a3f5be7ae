import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import {
  candidateTag,
  commitTag,
  keepTag,
  keyTag,
  latestTag,
  ownTag,
  passingTag,
  tookTag,
  unnamedTag,
} from '../../src/publish/tags';
import { fleet } from '../registries/fleet';

/* The tables of docs/registries.md have rows for what there is, and no others. What is in the rows: make test-registries, and playedRegistries. */

async function firstColumn(heading: string): Promise<readonly string[]> {
  const page = await readFile(join(__dirname, '../../docs/registries.md'), 'utf8');
  const section = page.split(/^##? /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const rows = [...section.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, cell = '']) => cell);
  return rows.slice(1).filter((cell) => !/^-+$/.test(cell));
}

test('each registry of the first table is one that a test starts, and each that a test starts is in it', async () => {
  for (const name of ['REGISTRY_BIN', 'DISTRIBUTION3', 'GCR', 'GITEA'].map((each) => `KFP_IMAGES_${each}`))
    vi.stubEnv(name, '/some/program');
  vi.stubEnv('ZOT', '/some/program');
  vi.stubEnv('OLAREG', '/some/program');
  vi.stubEnv('KFP_IMAGES_REGISTRY_ONLY', '');
  const names = fleet().map(({ name }) => name);
  vi.unstubAllEnvs();
  expect([...(await firstColumn('Registries'))].sort()).toEqual([...names].sort());
});

test('each tag that kfp-images puts is in the table of tags', async () => {
  const [digest, commit, now] = [`sha256:${'a'.repeat(64)}`, 'b'.repeat(40), 1_800_000_000_000];
  const made = [
    latestTag,
    keyTag('c'.repeat(64)),
    commitTag(commit),
    keepTag(digest),
    passingTag(digest, now),
    candidateTag(now, commit, false),
    tookTag('driver', undefined),
    unnamedTag,
  ];
  const documented = (await firstColumn('Tags')).map((cell) =>
    cell.replaceAll('`', '').replace(/(?:…|SHA|TIME-SHA)$/, ''),
  );
  const of = (tag: string): string | undefined => documented.find((start) => tag.startsWith(start));
  expect(made.map(of)).not.toContain(undefined);
  expect(new Set(made.map(of)).size).toBe(documented.length);
  expect(made.filter((tag) => ownTag(tag) === undefined)).toEqual([tookTag('driver', undefined), unnamedTag]);
});
