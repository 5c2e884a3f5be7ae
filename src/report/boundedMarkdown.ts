/** A part of a document, and what may stand in its place when there is no room for it. */
export interface Section {
  /** For the note that says what was shortened. */
  readonly title: string;
  readonly full: string;
  /** Empty: it is left out. */
  readonly brief?: string;
  /** The higher, the sooner it is shortened. */
  readonly rank: number;
}

/**
 * The sections that say something, one after the other, in at most `limit` bytes of UTF-8. What does not fit is shortened, the
 * least important first, and a note at the end says so.
 */
export function boundedMarkdown(sections: readonly Section[], limit: number): string {
  const shortened = new Set<Section>();
  const render = (): string => {
    const parts = sections.map((section) => (shortened.has(section) ? (section.brief ?? '') : section.full));
    const titles = [...shortened].map((section) => section.title).join(', ');
    const note = shortened.size === 0 ? [] : [`_Shortened to fit GitHub's limit for summaries: ${titles}._`];
    return [...parts, ...note].filter((part) => part !== '').join('\n\n') + '\n';
  };
  for (const section of [...sections].sort((a, b) => b.rank - a.rank)) {
    if (Buffer.byteLength(render()) <= limit) break;
    if (section.full !== (section.brief ?? '')) shortened.add(section);
  }
  return cut(render(), limit);
}

/** Last resort: whole lines, and an open code block is closed. */
function cut(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  const lines: string[] = [];
  let room = limit - 100;
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    room -= Buffer.byteLength(line) + 1;
    if (room < 0) break;
    const mark = /^`{3,}/.exec(line)?.[0];
    if (mark !== undefined) fence = fence === undefined ? mark : fence === line ? undefined : fence;
    lines.push(line);
  }
  return [
    ...lines,
    ...(fence === undefined ? [] : [fence]),
    '',
    '_The rest is cut: GitHub has a limit for summaries._',
    '',
  ].join('\n');
}
