import { createHash, randomUUID, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { BuildError } from '../errors';
import { stream } from '../system/exec';
import type { Command } from '../types';
import { cacheFlag, type MountSeed, type UsedCache } from './dockerfile';

/** What is to be taken out of a cache mount. */
export interface Collection {
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

/** A layer on disk. */
export interface CollectedLayer {
  readonly file: string;
  readonly digest: string;
  readonly size: number;
  /** Digest before compression. */
  readonly diffId: string;
  /** Bytes before compression. */
  readonly unpacked: number;
}

/** So long after now Go's cache entries of a seed are dated, see `script`. Beyond 2038 some file systems have no dates. */
const aheadMs = 9 * 365 * 86_400_000;
/** Entries of Go's cache that came into a seed longer ago than this are left out when it is rewritten. */
const keptMs = 30 * 86_400_000;

/**
 * Runs in the image that the builds ran in, which has a shell and the usual tools. Of Go's build cache entries are taken that are complete, and
 * dated years ahead: Go removes entries that were not used for days by their date, and updates the date of an old one when it uses it, for which an
 * overlay file system copies the whole file; a date ahead spares both (cmd/go/internal/cache). Their date also tells when they came into the
 * seed. All other folders keep the dates of their files, because tools compare them (make, cargo).
 */
const script = `set -eu
export LC_ALL=C
here=/.kfp-images
# The lines of the first list that are not in the second.
left() { sort "$1" "$2" "$2" | uniq -u; }
mkdir -p "$here/out" "$here/lists"
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
  mkdir -p "$here/out$FOLDER"
  export out="$here/out$FOLDER"
  sed 's,[^[:alnum:]_./-],\\\\&,g' "$here/lists/take" |
    xargs -n 1000 sh -c 'tar -c -f - "$@" | (umask 022; cd "$out" && tar -x -f -)' sh
  if [ "$KIND" = go ]; then
    cd "$here/out$FOLDER"
    find . -type f ! -newer "$here/context/now" -exec touch -r "$here/context/ahead" {} +
  fi
fi
`;

/** The Dockerfile that copies the folder out of its mount. Pure. */
export function collectDockerfile({ cache, seed, extent, folder }: Collection): string {
  const isGo = cache.path.endsWith('/go-build');
  const known =
    extent === 'new' && seed !== undefined
      ? ` --mount=type=bind,from=${seed.image},source=${seed.source},target=/.kfp-images/seed`
      : '';
  const variables = `FOLDER=${folder} KIND=${isGo ? 'go' : 'files'} EXTENT=${known === '' ? 'all' : 'new'} ONCE=${randomUUID()}`;
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
  const tar = join(place, 'layer.tar');
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
      ...['--output', `type=tar,dest=${tar}`],
      '.',
    ],
    cwd: context,
    env: { ...env, BUILDX_GIT_INFO: 'false', BUILDX_METADATA_PROVENANCE: 'disabled' },
    unset: ['SOURCE_DATE_EPOCH'],
  };
  let said = '';
  const onStderr = (chunk: Buffer): void => void (said = (said + chunk.toString('utf8')).slice(-2000));
  const exitCode = await stream(command, { onStderr, onStart, signal });
  signal.throwIfAborted();
  if (exitCode !== 0) throw new BuildError(said.trim().split('\n').slice(-3).join('\n'));
  const file = join(place, 'layer.tar.zst');
  const [plain, packed] = [new Measure(), new Measure()];
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  await pipeline(createReadStream(tar), plain, zstd, packed, createWriteStream(file, { mode: 0o600 }), { signal });
  await rm(tar);
  // Two blocks of zeros end it.
  if (plain.bytes <= 1024) return undefined;
  const { size } = await stat(file);
  return { file, digest: packed.digest(), size, diffId: plain.digest(), unpacked: plain.bytes };
}

/** Counts and digests what passes through. */
class Measure extends Transform {
  bytes = 0;
  readonly #hash: Hash = createHash('sha256');

  override _transform(chunk: Buffer, _: BufferEncoding, done: (error: null, data: Buffer) => void): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}
