import { createHash } from 'node:crypto';
import { makeTree, type GitTree } from '../../src/git/gitTree';
import { TreeEntry, type EntryMode } from '../../src/git/listing';
import { pathToBytes } from '../../src/system/pathText';
import type { CatalogImage } from '../../src/types';

/** A file's content; or a link's target, an executable's content, the commit of a submodule. */
export type Content =
  string | { readonly link: string } | { readonly executable: string } | { readonly submodule: string };

/** A tree as git would list it, from memory; object ids are those git would give. */
export function memoryTree(files: Readonly<Record<string, Content>>, label = 'the test tree'): GitTree {
  const blobs = new Map<string, Buffer>();
  const links = new Map<string, string>();
  const paths = Object.keys(files).sort((a, b) => Buffer.compare(pathToBytes(a), pathToBytes(b)));
  const entries = paths.map((path, index) => {
    const [mode, text] = parts(files[path] ?? '');
    if (mode === '120000') links.set(path, text);
    if (mode === '160000') return new TreeEntry(path, mode, text, index);
    const content = Buffer.from(text);
    const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    blobs.set(oid, content);
    return new TreeEntry(path, mode, oid, index);
  });
  return makeTree(label, entries, links, {
    read: (oids, each) => {
      for (const oid of oids) each(oid, blobs.get(oid) ?? Buffer.alloc(0));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
}

function parts(content: Content): readonly [EntryMode, string] {
  if (typeof content === 'string') return ['100644', content];
  if ('link' in content) return ['120000', content.link];
  if ('executable' in content) return ['100755', content.executable];
  return ['160000', content.submodule];
}

/** A catalog image with everything at its default. */
export function catalogImage(own: Partial<CatalogImage> = {}): CatalogImage {
  return {
    name: 'driver',
    dockerfile: 'Dockerfile',
    context: '.',
    repository: 'driver',
    target: undefined,
    inputs: { kind: 'dockerfile' },
    cacheMounts: [],
    buildArgs: {},
    bind: {},
    deploy: undefined,
    ...own,
  };
}
