import { parseDockerfile, type Instruction } from '../dockerfile/instructions';
import { findStage, readStages } from '../dockerfile/stages';

/** Lines that a Dockerfile has more than the one in the repository. */
export interface AddedLines {
  /** The number of the first of them. */
  readonly line: number;
  readonly count: number;
}

/**
 * A Dockerfile whose target ends by setting these variables: how an image is bound that stays in the engine, where it has no digest that a
 * configuration could be exchanged by. Lines before keep their numbers, and those behind are of stages that the target is not made of.
 * undefined: there is no place for it (no such stage, a last line that goes on).
 */
export function bindInDockerfile(
  text: string,
  target: string | undefined,
  variables: Readonly<Record<string, string>>,
): { readonly text: string; readonly added: AddedLines } | undefined {
  const parsed = parseDockerfile(text);
  if (parsed.kind === 'unreadable') return undefined;
  const settings = { buildArgs: new Map<string, string>(), platform: undefined };
  const { stages } = readStages(parsed.instructions, parsed.escape, settings);
  const stage = target === undefined ? stages.at(-1) : findStage(stages, target);
  if (stage === undefined) return undefined;
  const next = stages[stage.index + 1]?.from;
  const at = next === undefined ? text.length : beginOf(next);
  if (at === undefined) return undefined;
  const words = Object.entries(variables).map(([name, value]) => `${name}="${value}"`);
  const before = text.slice(0, at);
  const bound = `${before}${before.endsWith('\n') ? '' : '\n'}ENV ${words.join(' ')}\n${text.slice(at)}`;
  const again = parseDockerfile(bound);
  const expected = parsed.instructions.length + 1;
  const isRead = again.kind === 'parsed' && again.instructions.length === expected;
  if (!isRead || !words.every((word) => /^\w+="[\w./:@-]*"$/.test(word))) return undefined;
  const line = before.split('\n').length;
  const isOpen = !before.endsWith('\n');
  // Behind the last line, or before a FROM, whose spaces then stand on a line of their own.
  const added = isOpen && next === undefined ? { line: line + 1, count: 1 } : { line, count: isOpen ? 2 : 1 };
  return { text: bound, added };
}

function beginOf({ offset, keyword }: Instruction): number | undefined {
  return offset === undefined ? undefined : offset - keyword.length;
}
