import { SourceError, UsageError } from '../errors';
import { quoted } from '../system/quoted';
import type { Catalog } from '../types';
import { kfpCatalog } from './kfp';

/** Where a catalog file is looked for when none is named, in this order. */
export const catalogFiles = ['kfp-images.yaml', '.github/kfp-images.yaml'] as const;

/** What a catalog is loaded from. */
interface CatalogSources {
  /** Gives a file's text, undefined when there is no such file; throws when there is one and it can't be read. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** The `catalog` input. */
  readonly explicitPath?: string | undefined;
}

/**
 * The catalog of a repository: the file that was named, else the first of `catalogFiles` that is there, else the built-in one. A file
 * replaces the built-in catalog as a whole.
 * Throws UsageError when the named file is missing or a file can't be read, CatalogError for the mistakes in it.
 */
export async function loadCatalog(sources: CatalogSources): Promise<Catalog> {
  const { explicitPath } = sources;
  for (const path of explicitPath === undefined ? catalogFiles : [explicitPath]) {
    const text = await textOf(path, sources.read);
    if (text === undefined) continue;
    const { readCatalog } = await import('./parseCatalog');
    return await readCatalog(text, path);
  }
  if (explicitPath === undefined) return kfpCatalog;
  throw new UsageError(
    `the catalog ${quoted(explicitPath)} is not there; correct the input catalog, or leave it out for ${catalogFiles.join(' or ')}, else the built-in one`,
  );
}

async function textOf(path: string, read: CatalogSources['read']): Promise<string | undefined> {
  try {
    return await read(path);
  } catch (cause) {
    // The repository could not be read: that says nothing about the catalog.
    if (cause instanceof SourceError) throw cause;
    throw new UsageError(`the catalog ${quoted(path)} can't be read`, { cause });
  }
}
