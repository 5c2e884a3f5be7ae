/**
 * The one home for showing text that others wrote: commit messages, branch names, build logs, registry answers.
 * Each function gives text that is harmless in one place and still says what was there.
 */

/**
 * What a terminal or log viewer would obey or hide: control, format and bidi characters, line separators, half characters, fillers
 * that take no room. Emoji keep their variation selector.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}]|(?!\ufe0f)\p{Default_Ignorable_Code_Point}/gu;

/** ECMA-48 control sequences (colours, cursor moves) and operating-system commands (titles, links). */
const CONTROL_SEQUENCE = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/**
 * Text for a terminal or log: whatever would be obeyed or hidden is written out (`\x1b`, `\u202e`); line feeds and tabs stay.
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    character === '\n' || character === '\t' ? character : code(character),
  );
}

/** As `visible`, on one line of at most `max` characters; what is cut is marked with `…`. */
export function oneLine(text: string, max = 300): string {
  return clip(visible(text.slice(0, max * 4).replace(/\s+/g, ' ')).trim(), max);
}

/** At most `max` UTF-16 units, never half a character; what is cut is marked with `…`. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, Math.max(0, max - 1));
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** Without colours, cursor moves, titles and links: what a build's log says, not how it looks. */
export function withoutControlSequences(line: string): string {
  return line.includes('\u001b') ? line.replace(CONTROL_SEQUENCE, '') : line;
}

/**
 * A visible line that GitHub's runner does not take for a workflow command. The runner looks for `::` after leading blanks and
 * for `##[` anywhere in a line: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function withoutCommand(line: string): string {
  return line.replace(/^(\s*):(?=:)/, '$1: ').replaceAll('##[', '## [');
}

/** The colours that paint.ts writes. */
const PAINTED = /(\u001b\[(?:1|2|22|31|32|33|36|39)m)/;

/**
 * The one way out: a line, whoever wrote what is in it, as it is printed. Nothing but our own colours is obeyed by a terminal, nothing
 * is hidden, and no runner takes it for a workflow command.
 */
export function printedLine(line: string): string {
  const parts = line.split(PAINTED);
  return withoutCommand(parts.map((part, index) => (index % 2 === 1 ? part : visible(part))).join(''));
}

/** The same for text of several lines. */
export function printedText(text: string): string {
  return text.replaceAll('\r\n', '\n').split('\n').map(printedLine).join('\n');
}

/** JSON in which what a terminal would obey or hide is written out; it reads as the same. */
export function printedJson(document: unknown): string {
  return JSON.stringify(document, undefined, 2).replace(INVISIBLE, (character) =>
    character === '\n' ? character : Array.from({ length: character.length }, (_, at) => unit(character, at)).join(''),
  );
}

function unit(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
}

/** The data part of a workflow command. Line feeds survive. */
export function commandData(text: string): string {
  return visible(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A property (`file=`, `title=`) of a workflow command, on one line. */
export function commandProperty(text: string): string {
  return commandData(text.replace(/\s+/g, ' ')).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * Foreign text as plain words in Markdown: no markup, HTML, link, mention, issue reference, emoji code or table border comes
 * out of it. Punctuation becomes entities; `@` and `#` also get a zero-width space, because GitHub looks for mentions and
 * references after it has decoded entities.
 */
export function markdownText(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(INVISIBLE, code)
    .replace(/[!-/:-@[-`{-~]/g, (sign, at: number, whole: string) => {
      if (isHarmless(sign, at, whole)) return sign;
      return `&#${String(sign.charCodeAt(0))};${sign === '@' || sign === '#' ? '&#8203;' : ''}`;
    });
}

/** Signs that mean nothing where they are: `,`, `/`, and a dot or dash inside or a dot after a word that starts no address or list. */
function isHarmless(sign: string, at: number, whole: string): boolean {
  if (sign === ',' || sign === '/') return true;
  if (sign !== '-' && sign !== '.') return false;
  if (/www$/i.test(whole.slice(Math.max(0, at - 3), at))) return false;
  const [before, after] = [whole[at - 1] ?? '', whole[at + 1] ?? ''];
  const inside = /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
  return inside || (sign === '.' && /\p{L}/u.test(before) && (after === '' || after === ' '));
}

/** Foreign text as code inside a line or table cell. GitHub makes no links, mentions or emoji in code. */
export function markdownCode(text: string): string {
  const line = visible(text.replace(/\s+/g, ' ').trim());
  if (line === '') return '';
  return /[`|\\]/.test(line) ? `<code>${markdownText(line)}</code>` : `\`${line}\``;
}

/** Foreign lines as a fenced block; the fence is longer than any run of backticks inside. */
export function markdownFence(lines: readonly string[], language = ''): string {
  const body = lines.map((line) => visible(line.replace(/[\r\n]+/g, ' '))).join('\n');
  const longest = (body.match(/`+/g) ?? []).reduce((max, run) => Math.max(max, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}

/**
 * A label in a Mermaid diagram: everything but words, digits and `. - _ /` as Mermaid's entity codes (`#35;`). Never empty, which
 * Mermaid could not parse.
 */
export function mermaidText(text: string, max = 120): string {
  return (oneLine(text, max) || '?').replace(
    /[^\p{L}\p{N} ._/-]/gu,
    (character) => `#${String(character.codePointAt(0))};`,
  );
}

function code(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  const hex = point.toString(16);
  if (point < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return point < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
