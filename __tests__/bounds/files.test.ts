import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bounds } from '../../src/system/bounds';
import type { Ended } from '../run/world';
import { tempDir, type TempDir } from '../support/engine';
import { cheapCommand, git, repositoryOf } from './measured';

/* What the files of a commit can hold, at the bounds of `src/system/bounds.ts` and above them, through the bundle. */

let folder: TempDir;
let home: TempDir;
beforeEach(async () => {
  [folder, home] = await Promise.all([tempDir(), tempDir()]);
});
afterEach(async () => {
  await Promise.all([folder.remove(), home.remove()]);
});

const command = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> =>
  cheapCommand(folder.path, home.path, args, env);

/** `kfp-images plan` of a repository with these files. */
async function plan(files: Readonly<Record<string, string | Buffer>>, form = '--json'): Promise<Ended> {
  await repositoryOf(folder.path, files);
  return command(['plan', form, '--images', 'all']);
}

const driver = 'version: 1\nimages:\n  driver: { dockerfile: Dockerfile }\n';
const planned = (ended: Ended): readonly { readonly name: string }[] => {
  expect(ended.stderr).not.toMatch(/^error/m);
  expect(ended.exitCode).toBe(0);
  return (JSON.parse(ended.stdout) as { readonly images: readonly { readonly name: string }[] }).images;
};

describe('a catalog', () => {
  const catalog = (count: number, bindings: number): string => {
    const images = Array.from({ length: count }, (_, at) => {
      const binds = Array.from(
        { length: Math.min(at, bindings) },
        (__, back) => `V${String(back)}: i${String(at - 1 - back)}`,
      );
      return `  i${String(at)}: { dockerfile: Dockerfile, bind: { ${binds.join(', ')} } }\n`;
    });
    return `version: 1\nimages:\n${images.join('')}`;
  };

  it('with as many images and bindings as may be is planned', async () => {
    const ended = await plan({
      'kfp-images.yaml': catalog(bounds.catalog.images, 4),
      Dockerfile: 'FROM scratch\nCOPY a /\n',
      a: '',
    });
    expect(planned(ended)).toHaveLength(bounds.catalog.images);
  });

  it.each([
    ['images', catalog(bounds.catalog.images + 1, 0), '501 images; 500 are the most'],
    ['bindings', catalog(300, 8), 'bindings; 2000 are the most'],
    ['bytes', `${driver}#${'x'.repeat(bounds.catalog.bytes)}`, 'is larger than 256 KiB'],
    ['values', `${driver}groups: { g: [${'driver,'.repeat(bounds.catalog.nodes)}] }\n`, 'has more than 5000 values'],
    ['levels', `${driver}groups: ${'['.repeat(17)}${']'.repeat(17)}\n`, 'more than 16 levels'],
    [
      'an alias of aliases',
      `version: 1\nimages: {}\na: &a [x, x]\n${Array.from({ length: 25 }, (_, at) => `b${String(at)}: &b${String(at)} [*${at === 0 ? 'a' : `b${String(at - 1)}`}, *${at === 0 ? 'a' : `b${String(at - 1)}`}]\n`).join('')}`,
      'has more than 5000 values',
    ],
    [
      'an argument',
      `${driver.trimEnd().slice(0, -1)}, buildArgs: { A: ${'x'.repeat(bounds.input.argumentBytes + 1)} } }\n`,
      'is larger than 64 KiB',
    ],
    [
      'a name',
      `version: 1\nimages:\n  ${'n'.repeat(bounds.name.image + 1)}: { dockerfile: Dockerfile }\n`,
      '128 at most',
    ],
  ])('with more %s is refused', async (_, text, words) => {
    const ended = await plan({ 'kfp-images.yaml': text, Dockerfile: 'FROM scratch\n' });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain(words);
  });

  it('that is larger than any text is not passed over for the built-in one', async () => {
    const ended = await plan({
      'kfp-images.yaml': Buffer.alloc(bounds.tree.text + 1, '#'),
      Dockerfile: 'FROM scratch\n',
    });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(/kfp-images\.yaml.*larger than 4 MiB/s);
  });
});

describe('a Dockerfile', () => {
  const doubling = (times: number): string =>
    `FROM scratch\nARG A0=xxxxxxxxxxxxxxxx\n${Array.from({ length: times }, (_, at) => `ARG A${String(at + 1)}=$A${String(at)}\${A${String(at)}}\n`).join('')}`;
  const dockerfile = (text: string | Buffer, form?: string): Promise<Ended> =>
    plan({ 'kfp-images.yaml': driver, Dockerfile: text, a: '' }, form);

  it('whose variables reach the bound, in as many instructions as may be, is planned', async () => {
    const { instructions, word } = bounds.dockerfile;
    const [, ...start] = doubling(Math.log2(word) - 4).split('\n');
    const copies = Array.from(
      { length: instructions - start.length },
      (_, at) => `COPY \${A${String(start.length - 2)}} /${String(at)}\n`,
    );
    const ended = await dockerfile(`FROM scratch\n${start.join('\n')}${copies.join('')}`);
    expect(planned(ended)).toHaveLength(1);
  });

  it('with as many variables as may be is planned', async () => {
    const { instructions, variables } = bounds.dockerfile;
    const all = Array.from({ length: variables / 2 }, (_, at) => `V${String(at)}=1`).join(' ');
    const single = Array.from({ length: variables / 2 }, (_, at) => `ENV W${String(at)}=$V${String(at)}\n`).join('');
    const rest = 'RUN --mount=type=bind,target=/x true\n'.repeat(instructions - variables / 2 - 2);
    expect(planned(await dockerfile(`FROM scratch\nENV ${all}\n${single}${rest}`))).toHaveLength(1);
  });

  it('that takes as many files as may be, from stage to stage, is planned', async () => {
    const copies = Array.from({ length: 400 }, (_, at) => `COPY a /f${String(at)}\n`).join('');
    const taken = Array.from({ length: 500 }, (_, at) => `COPY --from=0 /g${String(at)} /\n`).join('');
    expect(planned(await dockerfile(`FROM scratch\n${copies}FROM scratch\n${taken}`))).toHaveLength(1);
  });

  it('that is as large as may be is planned', async () => {
    const text = `FROM scratch\nCOPY a /\nRUN ${'echo "$X" && '.repeat(80_000)}`.slice(0, bounds.dockerfile.bytes - 8);
    expect(planned(await dockerfile(`${text} true\n`))).toHaveLength(1);
  });

  it.each([
    ['variables that double each other', doubling(40), 'has more than 32768 characters with its variables filled in'],
    [
      'variables that double each other in ENV',
      doubling(40).replaceAll('ARG', 'ENV'),
      'has more than 32768 characters',
    ],
    [
      'variables that double each other before FROM',
      `${doubling(40).slice('FROM scratch\n'.length)}FROM $A40\n`,
      'has more than 32768',
    ],
    ['a path of doubled variables', `${doubling(10)}COPY ${'$A10'.repeat(1000)} /\n`, 'has more than 32768 characters'],
    [
      'too many instructions',
      `FROM scratch\n${'RUN x\n'.repeat(bounds.dockerfile.instructions)}`,
      'it has more than 1000 instructions',
    ],
    [
      'too many variables',
      `FROM scratch\nENV ${Array.from({ length: 1001 }, (_, at) => `V${String(at)}=1`).join(' ')}\n`,
      'it has more than 1000 variables',
    ],
    ['too many stages', 'FROM scratch\n'.repeat(501), 'it has more than 500 stages'],
    [
      'ONBUILD in stage after stage',
      `FROM scratch AS b\n${'ONBUILD COPY a /\n'.repeat(500)}${'FROM b\n'.repeat(400)}`,
      'with those that ONBUILD adds',
    ],
    [
      'too many files by name',
      `FROM scratch\nCOPY ${'a '.repeat(bounds.dockerfile.sources + 1)} /\n`,
      'it takes more than 5000 files',
    ],
  ])('with %s is refused', async (_, text, words) => {
    const ended = await dockerfile(text);
    expect(ended.stderr).toContain('The Dockerfile Dockerfile of driver is not read: ');
    expect(ended.stderr).toContain(words);
    expect(ended.exitCode).toBe(1);
  });

  it.each([
    ['larger than may be', 'x'.repeat(bounds.dockerfile.bytes + 1)],
    ['as large as any file may be', Buffer.alloc(bounds.tree.file, 'x')],
  ])('that is %s makes its whole context an input, and says why', async (_, text) => {
    const { stdout } = await dockerfile(text, '--explain');
    expect(stdout).toMatch(
      /whole context is an input: Dockerfile, (?:the Dockerfile is larger than 1 MiB|it is not text)/,
    );
  });

  it('that is larger than any file may be is refused', async () => {
    const ended = await dockerfile(Buffer.alloc(bounds.tree.file + 1, 'x'));
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('104857601 bytes; 100 MiB are the most');
  });
});

describe('a .dockerignore', () => {
  const ignoring = async (rules: number): Promise<string> => {
    const files = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`f/${'a'.repeat(60)}${String(at)}`, '']));
    const ignore = Array.from({ length: rules }, (_, at) => `**/*a*a*a${String(at)}b\n`).join('');
    const ended = await plan(
      {
        ...files,
        'kfp-images.yaml': driver,
        Dockerfile: 'FROM scratch\nCOPY . /\n',
        '.dockerignore': ignore,
      },
      '--explain',
    );
    expect(ended.exitCode).toBe(0);
    return ended.stdout;
  };
  it('with as many rules as may be is used', async () => {
    expect(await ignoring(bounds.ignoreFile.rules)).not.toContain('not used');
  });
  it('with more is not used, which is said', async () => {
    expect(await ignoring(bounds.ignoreFile.rules + 1)).toContain(
      '.dockerignore is not used: it has more than 1000 rules',
    );
  });
});

describe('the tree of a commit', () => {
  /** Trees of 450 times the same entry: three objects for 202,500 files. */
  async function grown(...widths: readonly number[]): Promise<void> {
    await repositoryOf(folder.path, { 'kfp-images.yaml': driver, Dockerfile: 'FROM scratch\nCOPY . /\n' });
    const top = await git(folder.path, ['ls-tree', 'HEAD']);
    let entry = (top.split('\n')[0] ?? '').replace(/\t.*/, '');
    for (const width of widths) {
      const lines = Array.from({ length: width }, (_, at) => `${entry}\t${String(at).padStart(4, '0')}\n`);
      entry = `040000 tree ${await git(folder.path, ['mktree'], lines.join(''))}`;
    }
    const tree = await git(folder.path, ['mktree'], `${top}\n${entry}\tf\n`);
    const env = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a' };
    Object.assign(process.env, env);
    await git(folder.path, ['update-ref', 'refs/heads/main', await git(folder.path, ['commit-tree', tree, '-m', 'x'])]);
  }

  it('with as many files as may be is planned', async () => {
    await grown(500, 399);
    expect(planned(await command(['plan', '--json', '--images', 'all']))).toHaveLength(1);
  });

  it.each([
    ['more files than may be', [450, 450], 'The commit has more than 200000 files'],
    ['files without end', [1000, 1000, 1000, 1000], 'said more than 64 MiB'],
  ])('with %s is refused', async (_, widths, words) => {
    await grown(...widths);
    const ended = await command(['plan', '--json', '--images', 'all']);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(words);
  });
});
