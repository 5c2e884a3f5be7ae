import { posix } from 'node:path';
import type { Lookup } from '../dockerfile/wordLexer';

/** A folder that builds keep between runs. */
interface CacheKind {
  /**
   * `compile`: what a compiler made. One build at a time holds it, so that the first one fills it and the others find it.
   * `download`: what came from the network; all builds have it at the same time.
   */
  readonly role: 'compile' | 'download';
  /** The Go tool's own caches are of use only where the Go tool runs, and Go's variables move them. */
  readonly go: boolean;
}

/** Folders known to hold a compiler's results, by their last name. Everything else is taken for downloads. */
const compilerFolders = new Set(['go-build', 'ccache', '.ccache', 'sccache', '.sccache', 'bazel', 'build-cache-1']);

/**
 * The rule that tells a compile cache from a download cache: by the last name of its path. `/root/.cache/go-build` is a compile
 * cache; `/go/pkg/mod` and all names that are not known are download caches, because sharing those never makes a build wait.
 */
export function cacheKind(path: string): CacheKind {
  const name = posix.basename(path);
  return {
    role: compilerFolders.has(name) ? 'compile' : 'download',
    go: name === 'go-build' || /\/pkg\/mod$/.test(path),
  };
}

/**
 * Where the cache is in a stage that sets these variables itself; undefined: a variable's value is not known. Go looks at GOCACHE, else
 * XDG_CACHE_HOME, else HOME for `go-build`, and at GOMODCACHE, else the first folder of GOPATH for modules
 * (`go help environment`, https://go.dev/ref/mod#environment-variables). Without them the catalog's path holds.
 */
export function cachePath(path: string, set: Lookup): string | undefined {
  const { go } = cacheKind(path);
  if (!go) return path;
  const sources: readonly (readonly [string, string])[] = path.endsWith('/go-build')
    ? [
        ['GOCACHE', ''],
        ['XDG_CACHE_HOME', '/go-build'],
        ['HOME', '/.cache/go-build'],
      ]
    : [
        ['GOMODCACHE', ''],
        ['GOPATH', '/pkg/mod'],
      ];
  for (const [name, below] of sources) {
    const value = set(name);
    if (value === null || value === '') continue;
    const folder = name === 'GOPATH' ? value?.split(':')[0] : value;
    return folder?.startsWith('/') === true ? posix.normalize(folder + below).replace(/(.)\/$/, '$1') : undefined;
  }
  return path;
}

/** Is one of the two folders the other or in it? */
export function overlap(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => (path.endsWith('/') ? path : `${path}/`)) as [string, string];
  return one.startsWith(other) || other.startsWith(one);
}
