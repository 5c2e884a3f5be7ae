import { randomUUID } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { BuildError, message } from '../errors';
import { stream } from '../system/exec';
import type { Command } from '../types';
import { aheadMs, isGoCache, packLayer, type CollectedLayer } from './cacheLayer';
import { cacheFlag, type MountSeed, type UsedCache } from './rewriteDockerfile';

/** What is to be taken out of a cache mount. */
interface Collection {
  readonly cache: UsedCache;
  /** What the mount started from; undefined: it started empty. */
  readonly seed: MountSeed | undefined;
  /** `all`: the whole folder; `new`: what the seed does not have. */
  readonly extent: 'all' | 'new';
  /** Base image as the Dockerfile has it → the same by digest. */
  readonly baseImages: ReadonlyMap<string, string>;
  /** Folder in the layer, absolute. */
  readonly folder: string;
  /** Milliseconds since the epoch: when the builds began. */
  readonly since: number;
}

export interface DockerPorts {
  readonly env: Readonly<Record<string, string>>;
  /** Name of a buildx builder; undefined: the one that docker takes. */
  readonly builder: string | undefined;
}

/** Entries of Go's cache that came into a seed longer ago than this are left behind when it is rewritten. */
const keptMs = 30 * 86_400_000;

/**
 * Runs in the image that the builds ran in, which has a shell and the usual tools; it leaves one file, because many are slow to copy. Of Go's
 * build cache entries are taken that are complete. Older `tar`s have no `-T`, and one that is given too many names at once would fail: so there are
 * several archives, one after the other.
 */
const script = `set -eu
export LC_ALL=C
here=/.kfp-images
# The lines of the first list that are not in the second.
left() { sort "$1" "$2" "$2" | uniq -u; }
mkdir -p "$here/out" "$here/lists"
: > "$here/out/files.tar"
cd "$here/mount"
if [ "$KIND" = go ]; then
  find . -path './[0-9a-f][0-9a-f]/*' ! -type d > "$here/lists/there"
  find . -path './[0-9a-f][0-9a-f]/*' ! -type d -newer "$here/context/now" ! -newer "$here/context/kept" > "$here/lists/old"
else
  find . ! -type d > "$here/lists/there"
  : > "$here/lists/old"
fi
if [ "$EXTENT" = new ]; then
  (cd "$here/seed" && find . ! -type d) | sort > "$here/lists/known"
  left "$here/lists/there" "$here/lists/known" > "$here/lists/take"
  if [ "$KIND" != go ]; then
    find . -type f -newer "$here/context/since" | sort - "$here/lists/known" | uniq -d >> "$here/lists/take"
  fi
else
  left "$here/lists/there" "$here/lists/old" > "$here/lists/take"
fi
if [ -s "$here/lists/take" ]; then
  sed 's,[^[:alnum:]_./-],\\\\&,g' "$here/lists/take" | xargs -n 1000 tar -c -f - >> "$here/out/files.tar"
fi
`;

/** The Dockerfile that copies the folder out of its mount. Pure. */
function collectDockerfile({ cache, seed, extent }: Collection): string {
  const known =
    extent === 'new' && seed !== undefined
      ? ` --mount=type=bind,from=${seed.image},source=${seed.source},target=/.kfp-images/seed`
      : '';
  const variables = `KIND=${isGoCache(cache) ? 'go' : 'files'} EXTENT=${known === '' ? 'all' : 'new'} ONCE=${randomUUID()}`;
  return [
    `FROM ${cache.base} AS kfp-images-collect`,
    'USER 0:0',
    'SHELL ["/bin/sh", "-c"]',
    // Run again each time, but not by --no-cache: that empties cache mounts.
    `RUN --network=none --mount=type=bind,target=/.kfp-images/context ${cacheFlag(cache, '/.kfp-images/mount', seed)}${known} ${variables} sh /.kfp-images/context/collect`,
    'FROM scratch',
    'COPY --from=kfp-images-collect /.kfp-images/out /',
    '',
  ].join('\n');
}

/**
 * Copies what a cache mount holds into a compressed layer in `place`, which is made. `docker`: of the run's docker commands.
 * undefined: there was nothing to take. Throws BuildError with the builder's words, and the signal's reason.
 */
export async function collectCache(
  collection: Collection,
  place: string,
  { env, builder }: DockerPorts,
  onStart: (group: number) => void,
  signal: AbortSignal,
): Promise<CollectedLayer | undefined> {
  const context = join(place, 'context');
  await mkdir(context, { recursive: true, mode: 0o700 });
  await writeFile(join(place, 'Dockerfile'), collectDockerfile(collection));
  await writeFile(join(context, 'collect'), script);
  const now = Date.now();
  const marks = { ahead: now + aheadMs, kept: now + aheadMs - keptMs, now: now + 86_400_000, since: collection.since };
  for (const [name, at] of Object.entries(marks)) {
    await writeFile(join(context, name), '');
    await utimes(join(context, name), at / 1000, at / 1000);
  }
  const command: Command = {
    command: 'docker',
    args: [
      'buildx',
      'build',
      '--progress=plain',
      ...(builder === undefined ? [] : ['--builder', builder]),
      ...['--provenance=false', '--sbom=false'],
      ...['--file', '../Dockerfile'],
      ...[...collection.baseImages].flatMap(([name, pinned]) => [
        '--build-context',
        `${name}=docker-image://${pinned}`,
      ]),
      ...['--output', 'type=tar,dest=-'],
      '.',
    ],
    cwd: context,
    env: { ...env, BUILDX_GIT_INFO: 'false', BUILDX_METADATA_PROVENANCE: 'disabled' },
    unset: ['SOURCE_DATE_EPOCH'],
  };
  let said = '';
  const onStderr = (chunk: Buffer): void => void (said = (said + chunk.toString('utf8')).slice(-2000));
  const broken = new AbortController();
  const stdout = new PassThrough();
  const ended = stream(command, { stdout, onStderr, onStart, signal: AbortSignal.any([signal, broken.signal]) });
  const rules = { cache: collection.cache, folder: collection.folder, now };
  const packed = packLayer(stdout, rules, join(place, 'layer.tar.zst'), signal).catch((cause: unknown) => {
    broken.abort();
    return new BuildError(`What the builder gave can't be read: ${message(cause)}`, { cause });
  });
  const exitCode = await ended;
  const layer = await packed;
  signal.throwIfAborted();
  if (exitCode !== 0 && !broken.signal.aborted) throw new BuildError(said.trim().split('\n').slice(-3).join('\n'));
  if (layer instanceof Error) throw layer;
  return layer;
}
