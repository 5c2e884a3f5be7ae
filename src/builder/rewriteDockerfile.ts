import { cacheKind } from './cacheKinds';
import { decideMounts, type CacheMount } from './cacheMounts';
import { parseDockerfile } from '../dockerfile/instructions';
import { findStage, readStages, type BaseConfigs } from '../dockerfile/stages';

export interface RewriteOptions {
  /** Folders that builds share: absolute paths, as the catalog has them. */
  readonly cacheMounts: readonly string[];
  readonly target: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Names whose builds may share: `owner/name` of the repository, so that no stranger on the same engine fills its caches. */
  readonly namespace: string;
  /** Digest of the native code that is built; see nativeCode. undefined: there is none. */
  readonly native?: string | undefined;
  /** What base images set, and as whom they run. */
  readonly baseConfig?: BaseConfigs | undefined;
  /** What a mount starts from where it does not start empty, by the mount's id. */
  readonly seeds?: Seeds;
}

/** The folder of an image that a cache mount starts from. https://docs.docker.com/reference/dockerfile/#run---mounttypecache */
export interface MountSeed {
  /** `HOST/PATH/NAME@sha256:…` */
  readonly image: string;
  /** Absolute path in the image. */
  readonly source: string;
}

/** By id of the mount. */
export type Seeds = ReadonlyMap<string, MountSeed>;

/** A cache mount that a build has. Builds with the same id share it. */
export interface UsedCache extends CacheMount {
  readonly id: string;
  /** Of a compile cache, with native code: see nativeCode. */
  readonly native: string | undefined;
}

export interface Rewritten {
  /** The same number of lines as the original: only `RUN` lines have grown. */
  readonly text: string;
  /** False: the text is the original. */
  readonly changed: boolean;
  /** For people: what was left as it was, and why. */
  readonly notes: readonly string[];
  /** The cache mounts that were added, each once. */
  readonly caches: readonly UsedCache[];
}

const instructionsKnown = new Set(
  'FROM ARG RUN CMD LABEL MAINTAINER EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ONBUILD STOPSIGNAL HEALTHCHECK SHELL'.split(
    ' ',
  ),
);
/** Longer ones are left as they are. */
const mostInstructions = 1_000;
const longestInstruction = 32_768;
const idPrefix = 'kfp-images:';

/**
 * Gives a Dockerfile the cache mounts of its image, in memory: `--mount=type=cache` right behind the word `RUN`, so that each
 * line keeps its number. What is not understood is left as it was and noted; never throws.
 * https://docs.docker.com/reference/dockerfile/#run---mounttypecache
 */
export function addCacheMounts(original: string, options: RewriteOptions): Rewritten {
  const same = (...notes: readonly string[]): Rewritten => ({
    text: original,
    changed: false,
    notes,
    caches: [],
  });
  const caches = [...new Set(options.cacheMounts.filter((path) => /^\/[\w./+@-]+$/.test(path) && !path.endsWith('/')))];
  if (caches.length === 0) return same();
  const without = (why: string): Rewritten => same(`no shared build cache: ${why}`);
  const parsed = parseDockerfile(original);
  if (parsed.kind === 'unreadable') return without(parsed.reason);
  const { instructions, syntax, escape } = parsed;
  if (syntax !== undefined && !knowsMounts(syntax)) {
    return without(`"# syntax=${syntax.slice(0, 100)}" may not know cache mounts`);
  }
  const strange = instructions.find(({ keyword }) => !instructionsKnown.has(keyword));
  if (strange !== undefined) {
    const { keyword, line } = strange;
    return without(
      `line ${line}: ${/^[A-Z]+$/.test(keyword) ? `${keyword.slice(0, 30)} is not known` : 'not an instruction'}`,
    );
  }
  if (instructions.length > mostInstructions) return without('too many instructions');
  const long = instructions.find(({ rest, heredocs, flags }) => {
    const parts = [rest, ...heredocs.map(({ content }) => content), ...flags.map(({ value }) => value)];
    return parts.join('').length > longestInstruction;
  });
  if (long !== undefined) return without(`line ${long.line}: too long to look through`);
  const settings = {
    buildArgs: new Map(Object.entries(options.buildArgs)),
    platform: undefined,
    baseConfig: options.baseConfig,
  };
  const stages = readStages(instructions, escape, settings);
  const { misplaced } = stages;
  if (misplaced !== undefined) return without(`line ${misplaced.line}: ${misplaced.keyword} before FROM`);
  for (const { base, from } of stages.stages) {
    if (base.kind === 'unknown' && !isOutside(base.text))
      return without(`line ${from.line}: ${base.text} can't be resolved`);
  }
  const target = options.target === undefined ? stages.stages.at(-1) : findStage(stages.stages, options.target);
  if (target === undefined) return without(options.target === undefined ? 'no FROM' : `no stage ${options.target}`);
  const { mounts, notes } = decideMounts(stages, target.index, caches);
  let text = original;
  const used = new Map<string, UsedCache>();
  for (const [offset, added] of [...mounts].sort(([a], [b]) => b - a)) {
    const named = added.map((mount) => usedCache(mount, options));
    for (const cache of named) used.set(cache.id, cache);
    const flags = named.map((cache) => ` ${cacheFlag(cache, cache.path, options.seeds?.get(cache.id))}`).join('');
    text = text.slice(0, offset) + flags + text.slice(offset);
  }
  return { text, changed: text !== original, notes, caches: [...used.values()] };
}

/** A step's name or a line of a rewritten Dockerfile as the original has it. */
export function withoutCacheMounts(text: string): string {
  return text.replaceAll(/ ?--mount=type=cache,id=kfp-images:\S*/g, '');
}

function usedCache(mount: CacheMount, { namespace, native }: RewriteOptions): UsedCache {
  const { path, owner } = mount;
  const name = namespace.replaceAll(/[^\w./-]/g, '_');
  // Another owner's folder would not be writable, so it is another cache.
  const shared = `${idPrefix}${name}:${owner === '0:0' ? '' : `${owner}:`}${path}`;
  return native === undefined || cacheKind(path).role !== 'compile'
    ? { ...mount, id: shared, native: undefined }
    : { ...mount, id: `${shared}:${native}`, native };
}

/** The flag of a `RUN` that mounts this cache at `target`. */
export function cacheFlag({ id, sharing, owner }: UsedCache, target: string, seed?: MountSeed): string {
  const [uid = '0', gid = '0'] = owner.split(':');
  const mine = owner === '0:0' ? '' : `,uid=${uid},gid=${gid}`;
  const from = seed === undefined ? '' : `,from=${seed.image},source=${seed.source}`;
  return `--mount=type=cache,id=${id},target=${target},sharing=${sharing}${mine}${from}`;
}

/** A stage's name has no colon and no slash: with one of them it is an image from outside, whatever its variables hold. */
function isOutside(reference: string): boolean {
  const literal = reference.replaceAll(/\$\{[^{}$]*\}/g, '');
  return /[:/]/.test(literal) && !literal.includes('{');
}

/** Docker's own frontend knows `RUN --mount` since 1.2: https://docs.docker.com/build/buildkit/frontend/ */
function knowsMounts(syntax: string): boolean {
  const image = syntax.replace(/^docker\.io\//, '').replace(/@sha256:[0-9a-f]{64}$/, '');
  if (image === 'docker/dockerfile') return true;
  const tag = /^docker\/dockerfile:([\w.-]+)$/.exec(image)?.[1] ?? '';
  if (/^(latest|labs|1|1-labs|master|master-labs)$/.test(tag)) return true;
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(tag) ?? [];
  return major !== undefined && (Number(major) > 1 || Number(minor) >= 2);
}
