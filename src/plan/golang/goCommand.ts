import { expand, type Lookup } from '../dockerfile/expand';
import type { Word } from '../shell/commands';
import { goModuleOnly, goValueFlags } from '../shell/tools';

/** A name and its value; undefined: known to the build only. */
export type Setting = readonly [string, string | undefined];

/** A call of `go`: https://pkg.go.dev/cmd/go */
export interface GoCommand {
  /** `build`, `mod` … */
  readonly verb: string;
  readonly args: readonly Word[];
  /** Without dashes. */
  readonly flags: readonly Setting[];
}

/** Tells subcommand, flags and arguments apart. `words`: what follows `go`. */
export function readGoCommand(words: readonly Word[], lookup: Lookup): GoCommand {
  const [subcommand, ...rest] = words;
  const args: Word[] = [];
  const flags: Setting[] = [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at];
    if (word === undefined) continue;
    const flag = /^--?([A-Za-z]+)(?:=([^]*))?$/.exec(word.raw);
    const name = flag?.[1] ?? '';
    if (flag === null) args.push(word);
    else if (flag[2] !== undefined) flags.push([name, expand(flag[2], lookup)]);
    else flags.push([name, goValueFlags.has(name) ? rest[++at]?.text : '']);
  }
  return { verb: subcommand?.text ?? '', args, flags };
}

/** Does a call read go.mod and go.sum at most, or only what it downloads (`go install example.com/tool@v1`)? */
export function readsModulesOnly(verb: string, args: readonly Word[], flags: readonly Setting[]): boolean {
  if (goModuleOnly.has(verb)) return true;
  if (verb === 'mod') return /^(download|edit|graph|init|verify)$/.test(args[0]?.text ?? '');
  if (verb === 'list') return flags.some(([name]) => name === 'm');
  if (verb !== 'run' && verb !== 'install') return false;
  return args.length > 0 && args.every((word) => word.text?.includes('@') === true);
}
