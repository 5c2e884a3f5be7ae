import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContextView } from '../../src/dockerfile/contextView';
import { readIgnoreRules } from '../../src/dockerfile/ignoreRules';
import { docker, tempDir } from '../support/engine';
import { memoryTree } from '../plan/memoryTree';

/* What BuildKit itself sends of a context, against what ContextView says; no rule of ours is between the two. */

const names = ['a', 'b', 'ab', 'x.go', '.h', 'x^y', 'a+b', 'foo', 'xfoo', 'A', 'a b', 'é'];
const paths = names.flatMap((one) => [`${one}.d/${one}`, ...names.map((two) => `${one}/${two}/${one}`)]).sort();

/** Files of the folder at any depth, as `a/b`. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe('.dockerignore', () => {
  it('hides what BuildKit hides', async () => {
    await using folder = await tempDir();
    const context = join(folder.path, 'context');
    for (const path of paths) {
      await mkdir(dirname(join(context, path)), { recursive: true });
      await writeFile(join(context, path), path);
    }
    const dockerfile = join(folder.path, 'Dockerfile');
    await writeFile(dockerfile, 'FROM scratch\nCOPY . /\n');

    const part = fc.constantFrom(
      ...[
        'a',
        'b',
        'foo',
        'A',
        'a b',
        '.h',
        'a.d',
        '*',
        '**',
        '?',
        'a*',
        '*o*',
        '*.go',
        '**.go',
        '**foo',
        'foo**',
        'a**b',
      ],
      ...['[ab]', '[^a]', '[a-c]?', 'x^y', 'a+b', '\\*', '.', '..'],
    );
    const rule = fc
      .tuple(fc.constantFrom('', '', '!'), fc.constantFrom('', '', '/'), fc.array(part, { minLength: 1, maxLength: 3 }))
      .map(([exception, slash, parts]) => `${exception}${slash}${parts.join('/')}`);
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 5 }), async (rules) => {
        const text = `${rules.join('\n')}\n`;
        const read = readIgnoreRules(text);
        await writeFile(`${dockerfile}.dockerignore`, text);
        const output = join(folder.path, 'output');
        await rm(output, { recursive: true, force: true });
        const args = ['--quiet', '--output', `type=local,dest=${output}`, '--file', dockerfile, context];
        const built = docker(['buildx', 'build', ...args]);
        if (typeof read === 'string') {
          // Of a caret among wildcards ours can't say what it means, though the engine takes it; what else ours does not take it refuses too.
          const others = rules.filter((each) => !each.includes('x^y'));
          if (typeof readIgnoreRules(others.join('\n')) === 'string') await expect(built).rejects.toThrow(/pattern/);
          else await built;
          return;
        }
        await built;
        const view = new ContextView(memoryTree(Object.fromEntries(paths.map((path) => [path, '']))), '', read);
        expect(view.all.map((entry) => entry.path).sort()).toEqual(await filesOf(output));
      }),
      { numRuns: 10 },
    );
  });
});
