import type { Catalog, ContentKey } from '../../src/types';
import { catalogImage } from './memoryTree';

/** Image → what it binds. */
export function catalogOf(binds: Readonly<Record<string, readonly string[]>>): Catalog {
  const images = Object.entries(binds).map(([name, bound]) => {
    const bind = Object.fromEntries(bound.map((other) => [`IMAGE_${other}`, other]));
    return [name, catalogImage({ name, dockerfile: `docker/${name}`, bind })] as const;
  });
  return { source: undefined, images: new Map(images), groups: new Map() };
}

/** In small, what binds what in Kubeflow Pipelines. */
export const kfp = catalogOf({ apiserver: ['driver', 'launcher'], driver: [], launcher: [], viewer: [] });

/** A key made of these lines; the key itself is not a digest but the lines. */
export function key(lines: readonly string[], own: Partial<ContentKey> = {}): ContentKey {
  const all = ['version', ...lines].join('\n');
  return { key: all, lines: ['version', ...lines], contextLines: [], unresolvedBases: [], notes: [], ...own };
}

export const base = [
  'arg A=1',
  'base alpine:3\tsha256:1',
  'base go\tpinned',
  'dockerfile D\t1',
  'file a/b\t100644 1',
  'ignore .dockerignore\t1',
];
