import { join, resolve } from 'node:path';
import { catalogFiles, loadCatalog } from '../catalog/load';
import { tryGit } from '../git/gitCommand';
import { LeftOut } from '../git/sparse';
import { readBounded } from '../system/boundedFile';
import { bounds } from '../system/bounds';
import type { Catalog } from '../types';

/** Where a command looks for the catalog. */
export interface CatalogPlace {
  readonly cwd: string;
  /** `--working-directory`. */
  readonly workingDirectory: string;
  /** `--catalog`. */
  readonly path: string;
}

/** The place that the flags of a call name. */
export function catalogPlace(call: {
  readonly session: { readonly cwd: string };
  readonly input: (name: 'working-directory' | 'catalog') => string;
}): CatalogPlace {
  const { session, input } = call;
  return { cwd: session.cwd, workingDirectory: input('working-directory').trim(), path: input('catalog').trim() };
}

/**
 * The catalog of the repository that the command runs in, also where a sparse checkout leaves its file out; outside of any, that of the
 * folder, else the built-in one.
 */
export async function readCatalog({ cwd, workingDirectory, path }: CatalogPlace): Promise<Catalog> {
  const folder = resolve(cwd, workingDirectory === '' ? '.' : workingDirectory);
  const asked = await tryGit(folder, ['rev-parse', '--show-toplevel']).catch(() => undefined);
  const top = asked?.exitCode === 0 ? asked.stdout.toString('utf8').replace(/\r?\n$/, '') : folder;
  const explicitPath = path === '' ? undefined : path;
  const isClone = asked?.exitCode === 0;
  let leftOut: Promise<LeftOut> | undefined;
  return loadCatalog({
    read: async (each) => {
      const file = explicitPath === undefined ? join(top, each) : resolve(folder, each);
      const text = await readBounded(file, bounds.catalog.bytes, `The catalog ${each}`).catch((cause: unknown) => {
        if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
          return undefined;
        throw cause;
      });
      if (text !== undefined || explicitPath !== undefined || !isClone) return text;
      leftOut ??= LeftOut.of(top, catalogFiles);
      return (await leftOut).text(each);
    },
    explicitPath,
  });
}
