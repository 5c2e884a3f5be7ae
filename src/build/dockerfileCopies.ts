import { words, type Instruction } from './dockerfileLines';

/** A `RUN --mount=…`. A part that is not given is undefined. */
export interface RunMount {
  readonly type: string;
  readonly target: string | undefined;
  readonly source: string | undefined;
  readonly from: string | undefined;
}

export interface RunParts {
  /** undefined: written in a way that is not understood here. */
  readonly mounts: readonly RunMount[] | undefined;
  /** The command and its here-documents. */
  readonly command: string;
}

export interface CopyParts {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly destination: string;
}

/** Takes a `RUN` apart: https://docs.docker.com/reference/dockerfile/#run---mount */
export function runParts({ text, heredocs }: Instruction): RunParts {
  const all = words(text);
  const flags = leadingFlags(all);
  const mounts = flags.filter((flag) => /^--mount\b/i.test(flag)).map(runMount);
  const command = [all.slice(flags.length).join(' '), ...heredocs].join('\n');
  return { mounts: mounts.includes(undefined) ? undefined : mounts.filter((mount) => mount !== undefined), command };
}

/** Takes a `COPY` or `ADD` apart, in either form; quotation marks stay. https://docs.docker.com/reference/dockerfile/#copy */
export function copyParts({ text }: Instruction): CopyParts {
  const all = words(text);
  const flags = leadingFlags(all);
  const from = flags.findLast((flag) => /^--from=/i.test(flag))?.slice('--from='.length);
  const rest = all.slice(flags.length);
  const paths = jsonWords(rest.join(' ')) ?? rest;
  return { from, sources: paths.slice(0, -1), destination: paths.at(-1) ?? '' };
}

function leadingFlags(all: readonly string[]): readonly string[] {
  const end = all.findIndex((word) => !word.startsWith('--'));
  return end === -1 ? all : all.slice(0, end);
}

function runMount(flag: string): RunMount | undefined {
  const [, value] = /^--mount=(.+)$/is.exec(flag) ?? [];
  if (value === undefined || /["'\\]/.test(value)) return undefined;
  const fields = new Map(
    value.split(',').map((field) => {
      const equals = field.indexOf('=');
      return equals === -1
        ? [field.toLowerCase(), '']
        : [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
    }),
  );
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => fields.get(name)).find((found) => found !== undefined);
  return {
    type: (first('type') ?? 'bind').toLowerCase(),
    target: first('target', 'dst', 'destination'),
    source: first('source', 'src'),
    from: first('from'),
  };
}

function jsonWords(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
