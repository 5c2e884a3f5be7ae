import { decideMounts, type CacheMount } from './cacheMounts';
import { readLines } from './dockerfileLines';
import { readStages } from './dockerfileStages';

export interface RewriteOptions {
  /** Folders that builds share: absolute paths, as the catalog has them. */
  readonly cacheMounts: readonly string[];
  readonly target: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Names whose builds may share: `owner/name` of the repository, so that no stranger on the same engine fills its caches. */
  readonly namespace: string;
}

export interface Rewritten {
  /** The same number of lines as the original: only `RUN` lines have grown. */
  readonly text: string;
  /** False: the text is the original. */
  readonly changed: boolean;
  /** For people: what was left as it was, and why. */
  readonly notes: readonly string[];
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
  const same = (...notes: readonly string[]): Rewritten => ({ text: original, changed: false, notes });
  const caches = [...new Set(options.cacheMounts.filter((path) => /^\/[\w./+@-]+$/.test(path) && !path.endsWith('/')))];
  if (caches.length === 0) return same();
  const lines = readLines(original);
  const syntax = lines.directives.get('syntax');
  if (syntax !== undefined && !knowsMounts(syntax)) {
    return same(`no shared build cache: "# syntax=${syntax.slice(0, 100)}" may not know cache mounts`);
  }
  const strange = lines.instructions.find(({ keyword }) => !instructionsKnown.has(keyword));
  if (strange !== undefined)
    return same(`no shared build cache: line ${strange.line}: ${strange.keyword.slice(0, 30)} is not known`);
  if (lines.instructions.length > mostInstructions) return same('no shared build cache: too many instructions');
  const long = lines.instructions.find(
    ({ text, heredocs }) => text.length + heredocs.join('').length > longestInstruction,
  );
  if (long !== undefined) return same(`no shared build cache: line ${long.line}: too long to look through`);
  const stages = readStages(lines, options.target, options.buildArgs);
  if (typeof stages === 'string') return same(`no shared build cache: ${stages}`);
  const { mounts, notes } = decideMounts(stages, caches, options.buildArgs);
  let text = original;
  for (const [instruction, added] of [...mounts].sort(([a], [b]) => b.offset - a.offset)) {
    const flags = added.map((mount) => ` ${flag(mount, options.namespace)}`).join('');
    text = text.slice(0, instruction.offset) + flags + text.slice(instruction.offset);
  }
  return { text, changed: text !== original, notes };
}

/** A step's name or a line of a rewritten Dockerfile as the original has it. */
export function withoutCacheMounts(text: string): string {
  return text.replaceAll(/ ?--mount=type=cache,id=kfp-images:\S*/g, '');
}

function flag({ path, sharing, owner }: CacheMount, namespace: string): string {
  const name = namespace.replaceAll(/[^\w./-]/g, '_');
  const [uid = '0', gid = '0'] = owner.split(':');
  const mine = owner === '0:0' ? '' : `,uid=${uid},gid=${gid}`;
  // Another owner's folder would not be writable, so it is another cache.
  const id = `${idPrefix}${name}:${owner === '0:0' ? '' : `${uid}:${gid}:`}${path}`;
  return `--mount=type=cache,id=${id},target=${path},sharing=${sharing}${mine}`;
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
