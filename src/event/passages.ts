/** A part of a commit message that mentions something instead of asking for it, so that brackets in it are not keywords. */
export interface Passage {
  readonly start: number;
  readonly end: number;
  /** For people. */
  readonly what: 'a code block' | 'code' | 'a quotation' | 'a comment';
}

/** Lines end as git and GitHub end them. */
const lineEnd = /\r\n|\n|\r/;

/**
 * Code (fenced, indented after an empty line, between backticks), quotations (lines that begin with `>`, text within quotation marks) and
 * HTML comments of a message, which squash merges take from pull requests. As Markdown has them (https://spec.commonmark.org/0.31.2), but what
 * is opened and never closed hides nothing, and the first line, which is not Markdown, has only backticks and quotation marks.
 * In order of their starts; takes time proportional to the message.
 */
export function passages(message: string): readonly Passage[] {
  const lines = linesOf(message);
  return [...blocks(lines), ...lines.flatMap(inline), ...comments(message)].sort((a, b) => a.start - b.start);
}

interface Line {
  readonly start: number;
  readonly text: string;
}

function linesOf(message: string): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const text of message.split(lineEnd)) {
    lines.push({ start, text });
    start += text.length + (message.startsWith('\r\n', start + text.length) ? 2 : 1);
  }
  return lines;
}

const endOf = ({ start, text }: Line): number => start + text.length;
const isBlank = ({ text }: Line): boolean => /^[ \t]*$/.test(text);

function blocks(lines: readonly Line[]): readonly Passage[] {
  const found: Passage[] = [];
  /** Where fences of a kind and length begin that could close one. */
  const closings = fences(lines);
  let isIndented = false;
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at];
    if (line === undefined) break;
    const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line.text)?.[1];
    const closing = fence === undefined ? undefined : closings.get(fence[0] ?? '')?.find(at, fence.length);
    const last = closing === undefined ? undefined : lines[closing];
    if (closing !== undefined && last !== undefined) {
      found.push({ start: line.start, end: endOf(last), what: 'a code block' });
      at = closing;
      isIndented = false;
      continue;
    }
    const before = lines[at - 1];
    isIndented = /^(?: {4}|\t)/.test(line.text) && (isIndented || (before !== undefined && isBlank(before)));
    if (isIndented) found.push({ start: line.start, end: endOf(line), what: 'a code block' });
    else if (/^ {0,3}>/.test(line.text)) found.push({ start: line.start, end: endOf(line), what: 'a quotation' });
  }
  return found;
}

/** Lines that are nothing but a fence, which may close a block, for each of the two kinds. */
function fences(lines: readonly Line[]): ReadonlyMap<string, Closings> {
  const found = new Map([
    ['`', new Closings()],
    ['~', new Closings()],
  ]);
  lines.forEach(({ text }, at) => {
    const fence = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(text)?.[1];
    if (fence !== undefined) found.get(fence[0] ?? '')?.add(at, fence.length);
  });
  return found;
}

/** Closing fences by their lines; asked for lines further and further down. */
class Closings {
  readonly #all: { readonly line: number; readonly length: number }[] = [];
  #next = 0;

  add(line: number, length: number): void {
    this.#all.push({ line, length });
  }

  /** The first below a line that is at least so long. */
  find(below: number, length: number): number | undefined {
    while ((this.#all[this.#next]?.line ?? Infinity) <= below) this.#next += 1;
    // A message with that many longer fences is not looked through for each of them.
    const near = this.#all.slice(this.#next, this.#next + 100);
    return near.find((each) => each.length >= length)?.line;
  }
}

/** Code between backticks and text between quotation marks, within one line. */
function inline({ start, text }: Line): readonly Passage[] {
  if (!/[`"'“]/.test(text)) return [];
  const found: Passage[] = [];
  const runs = [...text.matchAll(/`+/g)].map((run) => ({ at: run.index, length: run[0].length }));
  // From the end to the start: for each run of backticks the next one of the same length.
  const next: (number | undefined)[] = [];
  const nearest = new Map<number, number>();
  for (let index = runs.length - 1; index >= 0; index--) {
    const length = runs[index]?.length ?? 0;
    next[index] = nearest.get(length);
    nearest.set(length, index);
  }
  for (let index = 0; index < runs.length; index++) {
    const closes = next[index];
    const [opening, closing] = [runs[index], closes === undefined ? undefined : runs[closes]];
    if (opening === undefined || closing === undefined || closes === undefined) continue;
    found.push({ start: start + opening.at, end: start + closing.at + closing.length, what: 'code' });
    index = closes;
  }
  // The subject of what is reverted may hold quotation marks itself, and GitHub cuts long ones off.
  const reverted = /^(?:[*-] )?(?:Revert|Reapply) (".*"(?=[^"]*$)|"[^"]*…$)/.exec(text);
  if (reverted?.[1] !== undefined) {
    const from = start + reverted[0].length - reverted[1].length;
    found.push({ start: from, end: from + reverted[1].length, what: 'a quotation' });
  }
  // An apostrophe or a sign for inches has a letter or digit before it, an opening mark has not.
  for (const quoted of text.matchAll(/(?<![^\s(])(?:"[^"]*"|'[^']*'|“[^”]*”)(?=$|[\s).,;:!?])/g))
    found.push({ start: start + quoted.index, end: start + quoted.index + quoted[0].length, what: 'a quotation' });
  return found;
}

function comments(message: string): readonly Passage[] {
  const found: Passage[] = [];
  for (let start = message.indexOf('<!--'); start !== -1;) {
    const end = message.indexOf('-->', start);
    if (end === -1) break;
    found.push({ start, end: end + 3, what: 'a comment' });
    start = message.indexOf('<!--', end);
  }
  return found;
}
