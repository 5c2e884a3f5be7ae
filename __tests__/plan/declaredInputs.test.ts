import { describe, expect, it } from 'vitest';
import { buildTreeOf } from '../../src/plan/buildTree';
import type { CatalogImage } from '../../src/types';
import { fork, goDockerfile, inputs, keyOf, type Files } from './keyOf';

describe('the inputs of an image', () => {
  it('are everything in the context where the catalog says so, without a word of doubt', async () => {
    const files = { ...fork, Dockerfile: goDockerfile('RUN make driver') };
    const key = await keyOf(files, { inputs: { kind: 'context' } });
    expect(inputs(key)).toEqual(expect.arrayContaining(['docs/index.html', 'hack/tool.sh', 'cmd/launcher/main.go']));
    expect(key.notes).toEqual([]);
  });

  it('are what inputs.paths says, also where something is in doubt', async () => {
    const files = { ...fork, Dockerfile: goDockerfile('RUN make driver') };
    const unknown = { ...files, Dockerfile: `${files.Dockerfile}ARG BUILDPLATFORM\nCOPY $BUILDPLATFORM /x\n` };
    expect((await keyOf(unknown)).notes.join()).toMatch(/the whole context is an input/);
    const image = { inputs: { kind: 'paths', globs: ['hack/**'] } } as const;
    for (const each of [files, unknown]) {
      expect(inputs(await keyOf(each, image))).toEqual(['config/a.json', 'go.mod', 'hack/list.txt', 'hack/tool.sh']);
    }
  });

  it('hold the folders that are copied and have nothing that counts, for a build fails without them', async () => {
    const files = { 'a/b.md': '', 'a/c/d.md': '', '.dockerignore': '**/*.md\n', Dockerfile: 'FROM x\nCOPY a/ /a\n' };
    const key = await keyOf(files);
    expect(key.lines).toContain('folder a');
    expect(buildTreeOf(key)).toMatchObject({ files: [], folders: ['a'], context: '.' });
  });

  const outside: readonly (readonly [string, Files, Partial<CatalogImage>])[] = [
    ['the Dockerfile', { Dockerfile: { link: '/etc/passwd' } }, {}],
    ['the context', { Dockerfile: 'FROM scratch\nCOPY . /', ctx: { link: '../..' } }, { context: 'ctx/etc' }],
    ['the ignore file', { Dockerfile: 'FROM scratch\nCOPY . /', '.dockerignore': { link: '../x' } }, {}],
    ['a circle', { Dockerfile: { link: 'Other' }, Other: { link: 'Dockerfile' } }, {}],
  ];
  it.each(outside)('are not looked for outside of the repository: %s', async (_, files, image) => {
    await expect(keyOf(files, image)).rejects.toThrow(/is a link, or is below one, that leads out of the repository/);
  });

  it('are found in a context that is a link within the repository', async () => {
    const key = await keyOf(
      { Dockerfile: 'FROM scratch\nCOPY a /', ctx: { link: 'x/y' }, 'x/y/a': 'a' },
      { context: 'ctx' },
    );
    expect(inputs(key)).toEqual(['x/y/a']);
    expect(buildTreeOf(key).context).toBe('x/y');
  });
});
