import { posix } from 'node:path';
import { cacheKind, cachePath, overlap } from './cacheKinds';
import type { Instruction } from '../dockerfile/instructions';
import { joinStage } from '../dockerfile/stagePath';
import type { Step } from '../dockerfile/state';
import { pathWords, readMounts } from '../dockerfile/tokens';
import { mayCompile, mayUseModules, namesGo, removes } from './shellText';

/** What one stage makes of one cache folder. */
export interface StageCache {
  /** Where the cache is in this stage. */
  readonly path: string;
  /** Owner that the mount needs: `0:0`, or the numbers of the stage's `USER`. */
  readonly owner: string;
  /** Are there commands that could use the cache? */
  readonly used: boolean;
  /** Why the stage has to stay as it is; undefined: nothing in the stage itself rules out a mount. */
  readonly obstacle: string | undefined;
}

/** Could this `RUN` use the cache? What is not understood could. */
export function couldUse(instruction: Instruction, path: string): boolean {
  const command = commandOf(instruction);
  const kind = cacheKind(path);
  if (kind.role === 'compile') return mayCompile(command);
  return !kind.go || mayUseModules(command);
}

/**
 * Looks at one stage alone: can the cache be mounted in each of its `RUN`s without changing what they see or leave behind?
 * `base`: the image its chain of stages starts from. `path`: as the catalog says it.
 */
export function stageCache(steps: readonly Step[], base: string, path: string): StageCache {
  const runs = steps.filter(({ instruction }) => instruction.keyword === 'RUN');
  const relevant = !cacheKind(path).go || isGoImage(base) || runs.some((run) => namesGo(commandOf(run.instruction)));
  const using = relevant ? runs.filter((run) => couldUse(run.instruction, path)) : [];
  const places = new Set((using.length > 0 ? using : runs).map((run) => cachePath(path, run.scope.own)));
  const owners = new Set(using.map((run) => ownerOf(run.user)));
  const [place] = places;
  const [owner] = owners;
  const found = { path: place ?? path, owner: owner ?? '0:0', used: using.length > 0 };
  const obstacle =
    places.size > 1 || (places.size === 1 && place === undefined)
      ? 'its folder depends on a variable'
      : owners.size > 1 || (owners.size === 1 && owner === undefined)
        ? 'its user is not a number, or changes'
        : steps.map((step) => instructionObstacle(step, found.path)).find((reason) => reason !== undefined);
  return { ...found, obstacle };
}

function instructionObstacle({ instruction, scope, cwd }: Step, path: string): string | undefined {
  const { keyword, rest, flags } = instruction;
  const at = `line ${instruction.line}`;
  // It does not begin with a slash where the working directory is only known to the build.
  const resolve = (text: string): string | undefined => {
    const known = scope.expand(text);
    return known === undefined ? undefined : joinStage(cwd, known);
  };
  switch (keyword) {
    case 'RUN': {
      const mounts = readMounts(flags);
      if (mounts === undefined) return `${at} has a mount that is not understood`;
      if (instruction.offset === undefined) return `${at} has no place for a mount`;
      for (const { target } of mounts) {
        if (target === '') continue;
        const known = resolve(target);
        if (known === undefined) return `${at} mounts a folder that depends on a variable`;
        if (overlap(known, path)) return `${at} mounts ${known} itself`;
      }
      return removes(commandOf(instruction), path, cwd.startsWith('/') ? cwd : undefined)
        ? `${at} could remove it`
        : undefined;
    }
    case 'COPY':
    case 'ADD': {
      const known = resolve(pathWords(rest).at(-1) ?? '');
      if (known === undefined) return `${at} copies to a folder that depends on a variable`;
      return known.startsWith('/') && overlap(known, path) ? `${at} copies to ${known}` : undefined;
    }
    case 'WORKDIR': {
      const known = resolve(rest);
      if (known === undefined) return `${at} depends on a variable`;
      return known.startsWith('/') && `${known}/`.startsWith(`${path}/`) ? `${at} works in it` : undefined;
    }
    case 'VOLUME':
      return `${at} declares a volume`;
    case 'ONBUILD':
      return `${at} is for other builds`;
    case 'SHELL':
      return /^\[\s*"\//.test(rest) ? undefined : `${at} sets an unusual shell`;
    default:
      return undefined;
  }
}

/** The command of a RUN and its here-documents. */
function commandOf({ rest, heredocs }: Instruction): string {
  return [rest, ...heredocs.map(({ content }) => content)].join('\n');
}

/** `uid:gid` for a mount; undefined: a name, whose number only the image knows. */
function ownerOf(user: string | undefined): string | undefined {
  if (user === undefined) return '0:0';
  const [name = '', group = '0'] = user.split(':');
  const [uid, gid] = [name, group].map((each) => (each === 'root' ? '0' : each));
  return /^\d{1,10}$/.test(uid ?? '') && /^\d{1,10}$/.test(gid ?? '') ? `${uid ?? ''}:${gid ?? ''}` : undefined;
}

function isGoImage(reference: string): boolean {
  const name = posix.basename(reference.split('@')[0] ?? '');
  return /(^|[-_.])go(lang)?([-_.:\d]|$)/i.test(name);
}
