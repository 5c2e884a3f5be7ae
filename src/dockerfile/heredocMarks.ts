import { WordLexer, type Lookup } from './wordLexer';

/** A here-document that an instruction announces. */
interface HeredocMark {
  readonly name: string;
  /** `<<-`: tabs before the end mark, and before each line, go. */
  readonly chomp: boolean;
}

/** The here-documents that a line of RUN, COPY or ADD announces: https://docs.docker.com/reference/dockerfile/#here-documents */
export function heredocMarks(line: string): readonly HeredocMark[] {
  if (!line.includes('<<')) return [];
  const nothing: Lookup = () => null;
  const raw = { escape: '\\', rawQuotes: true, rawEscapes: true, keepUnset: true, words: true };
  return (new WordLexer(line, nothing, raw).read()?.words ?? []).flatMap((word) => {
    const [, dash, rest = ''] = /^\d*<<(-?)[\t\n\f\r ]*([^<]*)$/.exec(word) ?? [];
    const words = new WordLexer(rest, nothing, { escape: '\\', keepUnset: true, words: true }).read()?.words;
    return words?.length === 1 ? [{ name: words[0] ?? '', chomp: dash === '-' }] : [];
  });
}
