import { expandShell } from '../dockerfile/expand';
import { unknownPart, type Lookup } from '../dockerfile/wordLexer';
import { plainWord, type Word } from '../dockerfile/shellCommands';
import { goModuleOnly, goValueFlags } from '../dockerfile/shellTools';

/** A name and its value; undefined: known to the build only. */
export type Setting = readonly [string, string | undefined];

/** A call of `go`: https://pkg.go.dev/cmd/go */
interface GoCommand {
  /** `build`, `mod` … */
  readonly verb: string;
  readonly args: readonly Word[];
  /** Without dashes. */
  readonly flags: readonly Setting[];
}

/** Finds subcommand, flags and arguments. `words`: what follows `go`. */
export function readGoCommand(words: readonly Word[], lookup: Lookup): GoCommand {
  const args: Word[] = [];
  const flags: Setting[] = [];
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [whole, name = '', value] = /^--?([A-Za-z]+)(?:=([^]*))?$/.exec(word.raw) ?? [];
    if (whole === undefined) args.push(word);
    else if (value !== undefined) flags.push([name, known(value, lookup)]);
    else flags.push([name, goValueFlags.has(name) ? left.shift()?.text : '']);
  }
  return { verb: args[0]?.text ?? '', args: args.slice(1), flags };
}

/** Does a call read go.mod and go.sum at most, or only what it downloads (`go install example.com/tool@v1`)? */
export function readsModulesOnly({ verb, args, flags }: GoCommand): boolean {
  const [first] = args;
  if (goModuleOnly.has(verb)) return true;
  if (verb === 'mod' && first?.text === 'edit')
    return !flags.some(([name]) => /^(module|drop)?(replace|module)$/.test(name));
  if (verb === 'mod') return /^(download|graph|init|tidy|vendor|verify)$/.test(first?.text ?? '');
  if (verb === 'work') return /^(sync|vendor)$/.test(first?.text ?? '');
  if (verb === 'list' && flags.some(([name]) => name === 'm')) return true;
  return verb === 'install' && args.length > 0 && args.every((word) => word.text?.includes('@') === true);
}

/** Flags of a text such as `-tags=foo -mod=mod`, as GOFLAGS holds them; undefined text: any. */
export function flagsOf(text: string | undefined): readonly Setting[] {
  if (text === undefined) return [['mod', undefined]];
  return readGoCommand(
    text
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(plainWord),
    () => null,
  ).flags;
}

function known(text: string, lookup: Lookup): string | undefined {
  const value = expandShell(text, lookup);
  return value?.includes(unknownPart) === true ? undefined : value;
}
