import { parseDockerfile, type Instruction } from '../dockerfile/instructions';
import { originOf, readStages } from '../dockerfile/stages';
import { readMounts } from '../dockerfile/tokens';
import { parseImageReference } from '../oci/imageReference';

interface PinnedBases {
  /** The Dockerfile, with those base images by digest that a named context can't stand for. */
  readonly text: string;
  /** Reference as the Dockerfile has it → the same by digest, for `--build-context`. */
  readonly contexts: ReadonlyMap<string, string>;
  /** For people: base images that are not held to their digest, and why. */
  readonly notes: readonly string[];
}

/**
 * Holds a build to the digests of its base images. A named context replaces every stage of the same name too
 * (https://docs.docker.com/build/concepts/context/#named-contexts), so that `FROM alpine AS alpine` would lose all its instructions:
 * there the digest is written into the Dockerfile instead, in its own place, so that each line keeps its number.
 */
export function pinBases(
  text: string,
  buildArgs: Readonly<Record<string, string>>,
  pins: ReadonlyMap<string, string>,
): PinnedBases {
  const parsed = parseDockerfile(text);
  if (parsed.kind === 'unreadable') return { text, contexts: pins, notes: [] };
  const settings = { buildArgs: new Map(Object.entries(buildArgs)), platform: undefined };
  const { stages } = readStages(parsed.instructions, parsed.escape, settings);
  const names = new Set(stages.flatMap(({ name }) => (name === undefined ? [] : [`docker.io/library/${name}`])));
  const hidden = new Map(
    [...pins].filter(([reference]) => {
      const { repository, tag } = parseImageReference(reference);
      return tag === 'latest' && names.has(repository.toLowerCase());
    }),
  );
  if (hidden.size === 0) return { text, contexts: pins, notes: [] };
  const edits: Edit[] = [];
  const notes: string[] = [];
  const replace = (instruction: Instruction, reference: string, edit: Edit | undefined): void => {
    const pinned = hidden.get(reference);
    if (pinned === undefined) return;
    if (edit !== undefined) edits.push(edit);
    else notes.push(`line ${instruction.line}: ${reference} is taken by its tag, because a stage has its name`);
  };
  const end = (instruction: Instruction): number =>
    parsed.instructions.find(({ line, offset = 0 }) => line > instruction.line && offset > 0)?.offset ?? text.length;
  for (const { base, from, instructions, index } of stages) {
    if (base.kind === 'image') {
      replace(from, base.reference, baseWord(text, from, hidden.get(base.reference)));
    }
    for (const instruction of instructions) {
      const { flags, keyword } = instruction;
      const named = keyword === 'RUN' ? (readMounts(flags) ?? []).map((mount) => mount.from) : [];
      const copied = flags.flatMap(({ name, value }) => (name === 'from' ? [value] : []));
      for (const name of new Set([...named, ...copied])) {
        const origin = originOf(name, stages, index);
        if (origin.kind !== 'image') continue;
        replace(instruction, name, fromValue(text, instruction, end(instruction), name, hidden.get(name)));
      }
    }
  }
  const contexts = new Map([...pins].filter(([reference]) => !hidden.has(reference)));
  return { text: apply(text, edits), contexts, notes };
}

interface Edit {
  readonly at: number;
  readonly old: string;
  readonly text: string;
}

/** The image of a FROM, where it is on the line of its keyword. */
function baseWord(text: string, { offset }: Instruction, pinned = ''): Edit | undefined {
  if (offset === undefined) return undefined;
  const line = /[^\r\n]*/.exec(text.slice(offset))?.[0] ?? '';
  const [, before = '', old = ''] = /^((?:[\t ]+--\S+)*[\t ]+)([^\s\\`-]\S*)/.exec(line) ?? [];
  return old === '' ? undefined : { at: offset + before.length, old, text: pinned };
}

/** The value of `--from=` or of a mount's `from=`. */
function fromValue(text: string, { offset }: Instruction, end: number, name: string, pinned = ''): Edit | undefined {
  if (offset === undefined) return undefined;
  const at = text.indexOf(`from=${name}`, offset);
  if (at < 0 || at > end || !/^[\s,"'\\`]?$/.test(text.charAt(at + 5 + name.length))) return undefined;
  return { at: at + 5, old: name, text: pinned };
}

function apply(text: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.at - a.at)
    .reduce((done, { at, old, text: pinned }) => done.slice(0, at) + pinned + done.slice(at + old.length), text);
}
