import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../src/catalog/kfp';
import { allCommands } from '../src/commands/commandLine';

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

describe('every command that a page names', async () => {
  const all = await allCommands();
  const commands = new Map(
    all.map(({ name, inputs, flags }) => [
      name,
      [...inputs, ...Object.keys(flags), 'json', 'debug', 'help', 'version'].map((flag) => `--${flag}`),
    ]),
  );

  test.each([...pages, 'templates/Makefile'])('in %s exists, with its flags', (page) => {
    const calls = [...read(page).matchAll(/(?:`|^| |\| )kfp-images ([a-z]+)((?: [^`\n|>#&]*)?)/gm)].filter(
      ([, name = '']) => /^(?:init|plan|build|trigger|watch|deploy|rollback|doctor|prune)$/.test(name),
    );
    for (const [call, name = '', rest = ''] of calls) {
      expect([...commands.keys()], call).toContain(name);
      for (const [flag] of rest.matchAll(/--[a-z-]+/g)) expect(commands.get(name), call).toContain(flag);
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

test('every file that the map for newcomers names is there', () => {
  const named = [...read('CONTRIBUTING.md').matchAll(/`([a-zA-Z/]+(?:\.ts|\/))`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(30);
  const missing = named.filter(
    (path) => ![path, `src/${path}`, `src/publish/${path}`, `src/deploy/${path}`].some((each) => existsSync(each)),
  );
  expect(missing.filter((path) => !path.includes('NAME'))).toEqual([]);
});
