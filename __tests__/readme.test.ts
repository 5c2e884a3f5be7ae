import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../src/catalog/kfp';
import { actionInputs } from '../src/event/inputs';

const read = (path: string): string => readFileSync(path, 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs').map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md'));
const readme = read('README.md');

/** The anchor that GitHub gives a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
const anchorsOf = (path: string): readonly string[] =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map((found) => anchor(found[1] ?? ''));

test('what is generated is what the table of inputs gives', () => {
  expect(execFileSync(process.execPath, ['script/readme.mjs', '--check'], { encoding: 'utf8', stdio: 'pipe' })).toBe(
    '',
  );
});

test.each(pages)('%s has no link that leads nowhere', (page) => {
  for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (target.startsWith('https://')) continue;
    const [path = '', fragment] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    expect(existsSync(file), target).toBe(true);
    if (fragment !== undefined) expect(anchorsOf(file), target).toContain(fragment);
  }
});

describe('every command that a page names', () => {
  const source = read('src/commands/commandLine.ts') + read('src/commands/clusterCommands.ts');
  const commands = new Set([...source.matchAll(/command\('([a-z-]+)'\)/g)].map((found) => found[1] ?? ''));
  const flags = new Set([
    ...[...source.matchAll(/(--[a-z-]+)/g)].map((found) => found[1] ?? ''),
    ...actionInputs.map(({ name }) => `--${name}`),
    '--help',
    '--version',
  ]);

  test.each([...pages, 'templates/Makefile'])('in %s exists, with its flags', (page) => {
    const calls = [...read(page).matchAll(/(?:`|^| |\| )kfp-images ([a-z]+)((?: [^`\n|>#&]*)?)/gm)].filter(
      ([, name = '']) => /^(?:init|plan|build|trigger|watch|deploy|rollback|doctor|prune)$/.test(name),
    );
    for (const [call, name = '', rest = ''] of calls) {
      expect(commands, call).toContain(name);
      for (const [flag] of rest.matchAll(/--[a-z-]+/g)) expect(flags, call).toContain(flag);
    }
  });

  test('of make exists', () => {
    const targets = new Set(
      [...`${read('Makefile')}\n${read('templates/Makefile')}`.matchAll(/^([a-z_]+):/gm)].map(
        (found) => found[1] ?? '',
      ),
    );
    for (const page of pages) {
      for (const [call, target = ''] of read(page).matchAll(/(?:^|`|&& )make ([a-z_]+)/gm))
        expect(targets, call).toContain(target);
    }
  });
});

test('the keywords are those of the built-in catalog', () => {
  const table = readme.slice(readme.indexOf('## Keywords'), readme.indexOf('## From a terminal'));
  const named = new Set([...table.matchAll(/`\[([a-z-]+)\]`/g)].map((found) => found[1] ?? ''));
  for (const name of [...kfpCatalog.images.keys(), ...kfpCatalog.groups.keys()]) expect(named).toContain(name);
});

test('what the README shows of workflows is pinned as the workflows are', () => {
  const workflow = read('.github/workflows/build-backend-images.yaml');
  const used = [...readme.matchAll(/uses: ((?:actions|docker)\/\S+@\S+ # \S+)/g)].map((found) => found[1] ?? '');
  expect(used).toHaveLength(2);
  for (const uses of used) expect(workflow).toContain(uses);
});
