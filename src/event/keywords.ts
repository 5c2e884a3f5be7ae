import { UsageError } from '../errors';
import { lowerAscii, trimBlanks } from '../system/ascii';
import { didYouMean, findNearest } from '../system/nearest';
import { quoted } from '../system/quoted';
import { passages, type Passage } from './passages';
import type { Catalog, Selection } from '../types';

/** Means every image; each catalog has it. Where a list is given outright, `all` is short for it. */
const everything = 'backend-all';

/** An entry of the workflow's menu, which stands for the text below it. */
const fromMenu = 'listed below';

/** A message may hold a million brackets: only so many different unknown words are compared with the names, and so many warned of. */
const lookedAtMost = 1000;
const warnedAtMost = 10;

/** So many lines, and so many words that are not keywords, are named. */
const shownAtMost = 5;

/**
 * Reads the keywords of a commit message: `[name]` or `[name, name]` anywhere in it, in any case.
 *
 * A bracket is an opening bracket, characters that are neither bracket nor line break, and a closing bracket, so the innermost of nested
 * brackets counts and a list may not span lines: an opening bracket that somebody forgot to close does not swallow the next paragraph.
 * Between commas only blanks and tabs are trimmed, and only A-Z are folded; `[ſcheduledworkflow]` is not a name.
 * Known names of a list count even when others of it are unknown; those are warned of. Other bracketed words are left alone.
 * What is an index (`map[driver]`) or a link (`[driver](url)`) is not a keyword, nor is what is in a code block, a quotation or a comment.
 * Takes time proportional to the message. Never throws.
 */
export function selectFromMessage(message: string, catalog: Catalog): Selection {
  const names = spelling(catalog);
  const found = new Set<string>();
  const unknown = new Map<string, boolean>();
  for (const { content, insteadIs } of bracketed(message)) {
    if (insteadIs !== undefined) continue;
    const words = content.split(',').map(fold);
    const known = words.flatMap((word) => names.get(word) ?? []);
    for (const name of known) found.add(name);
    for (const word of words) {
      if (word === '' || names.has(word) || unknown.size >= lookedAtMost) continue;
      // Beside a known name a word is meant as a name, near or not.
      if (unknown.get(word) !== true) unknown.set(word, known.length > 0);
    }
  }
  return selection(found, catalog, warnings(unknown, names));
}

/**
 * Where the keywords of a message are, in sentences for the log: those that count, then those that do not, each with the reason.
 * Empty when the message has neither.
 */
export function keywordPlaces(message: string, catalog: Catalog): readonly string[] {
  const names = spelling(catalog);
  const counted = new Map<string, Set<number>>();
  const passedOver = new Map<string, string>();
  let [line, countedTo] = [1, 0];
  for (const { content, index, insteadIs } of bracketed(message)) {
    line += message.slice(countedTo, index).match(/\r\n|\n|\r/g)?.length ?? 0;
    countedTo = index;
    for (const name of content.split(',').flatMap((word) => names.get(fold(word)) ?? [])) {
      if (insteadIs === undefined) counted.set(name, (counted.get(name) ?? new Set()).add(line));
      else if (passedOver.size < shownAtMost)
        passedOver.set(`${name} ${line}`, `[${name}] in line ${line} (${insteadIs})`);
    }
  }
  const places = [...counted].map(([name, lines]) => {
    const shown = [...lines].slice(0, shownAtMost).join(', ');
    return `${name} (line ${shown}${lines.size > shownAtMost ? ', …' : ''})`;
  });
  return [
    ...(places.length === 0 ? [] : [`Keywords of the commit message: ${places.join(', ')}.`]),
    ...(passedOver.size === 0 ? [] : [`No keyword: ${[...passedOver.values()].join('; ')}.`]),
  ];
}

interface Bracketed {
  readonly content: string;
  readonly index: number;
  /** What it is instead of a keyword. */
  readonly insteadIs: string | undefined;
}

function* bracketed(message: string): Generator<Bracketed> {
  const apart = passages(message);
  let next = 0;
  /** End of the furthest passage so far, and what it is. */
  let covered: Passage | undefined;
  let indexEnd = -1;
  for (const found of message.matchAll(/\[([^[\]\n\r]*)\]/g)) {
    const [whole, content = ''] = found;
    const { index } = found;
    const end = index + whole.length;
    for (let passage = apart[next]; passage !== undefined && passage.start <= index; passage = apart[++next])
      if (covered === undefined || passage.end > covered.end) covered = passage;
    const before = message.slice(Math.max(0, index - 20), index);
    // The letter that ends a terminal's colour code is none of a name.
    const isIndex = index === indexEnd || (/[A-Za-z0-9_$]$/.test(before) && !/\u001b\[[0-9;]*[A-Za-z]$/.test(before));
    if (isIndex) indexEnd = end;
    const isFirst = index === 0 || /[\n\r]/.test(message.charAt(index - 1));
    const isLink = message[end] === '(' || (isFirst && /^:[ \t]*<?https?:/.test(message.slice(end, end + 20)));
    const kind = isIndex ? 'an index' : isLink ? 'a link' : undefined;
    yield { content, index, insteadIs: covered !== undefined && covered.end > index ? covered.what : kind };
  }
}

/**
 * Reads names given outright (`--images`, the `images` input). `all` means every image.
 * Throws UsageError for a name that the catalog does not have.
 */
export function selectFromList(list: readonly string[], catalog: Catalog): Selection {
  const names = spelling(catalog);
  names.set('all', everything);
  const found = new Set<string>();
  const unknown = new Set<string>();
  for (const given of list) {
    const word = fold(given);
    if (word === '') continue;
    const name = names.get(word);
    if (name === undefined) unknown.add(given);
    else found.add(name);
  }
  if (unknown.has(fromMenu)) {
    throw new UsageError(
      `images: the menu says "${fromMenu}", and the list below it is empty. Write names or groups there: ${[...names.keys()].join(', ')}.`,
    );
  }
  if (unknown.size > 0) {
    const lines = [...unknown].slice(0, warnedAtMost).map((word) => {
      return `images: ${quoted(word.trim())} is not in the catalog${didYouMean(fold(word), names.keys())}`;
    });
    throw new UsageError(`${lines.join('\n')}\n  known: ${[...names.keys()].join(', ')}`);
  }
  return selection(found, catalog, []);
}

/** The keywords of a selection as a message carries them: `[driver, launcher]`; empty when there are none. */
export function keywordsText(selected: Selection): string {
  return selected.keywords.length === 0 ? '' : `[${selected.keywords.join(', ')}]`;
}

/** Folded name → name as the catalog spells it. */
function spelling(catalog: Catalog): Map<string, string> {
  const names = [...catalog.images.keys(), ...catalog.groups.keys(), everything];
  return new Map(names.map((name) => [fold(name), name]));
}

function selection(found: ReadonlySet<string>, catalog: Catalog, warned: readonly string[]): Selection {
  const members = (name: string): readonly string[] =>
    name === everything ? [...catalog.images.keys()] : (catalog.groups.get(name) ?? [name]);
  const named = new Set([...found].flatMap(members));
  return {
    keywords: [...found],
    images: [...catalog.images.keys()].filter((image) => named.has(image)),
    warnings: warned,
  };
}

function warnings(unknown: ReadonlyMap<string, boolean>, names: ReadonlyMap<string, string>): readonly string[] {
  const all = [...unknown].flatMap(([word, besideName]) => {
    if (word === 'all' && besideName) return [`[all] is not understood in a message; write [${everything}]`];
    const parts = word.split(/[\s;+&|/]+/);
    if (parts.length > 1 && parts.every((part) => names.has(part))) {
      return [`[${plain(word)}] is not a keyword; separate names by commas: [${parts.join(', ')}]`];
    }
    const nearest = findNearest(word, names.keys());
    if (nearest !== undefined)
      return [`[${plain(word)}] is not a keyword; did you mean [${names.get(nearest) ?? nearest}]?`];
    // A name with a word of its own beside it: `[kfp-driver]`, `[launcher and driver]`.
    const within = [...new Set(word.split(/[\s;+&|/_-]+/))];
    const meant = within.filter((part) => names.has(part) && part !== everything);
    if (meant.length > 0 && within.length <= 3)
      return [`[${plain(word)}] is not a keyword; did you mean [${meant.join(', ')}]?`];
    return besideName
      ? [`${quoted(word)} in a list of keywords is not an image of the catalog; it was passed over`]
      : [];
  });
  return all.length <= warnedAtMost
    ? all
    : [
        ...all.slice(0, warnedAtMost),
        `and ${all.length - warnedAtMost} more words in brackets that are nearly keywords`,
      ];
}

function fold(word: string): string {
  return lowerAscii(trimBlanks(word));
}

function plain(word: string): string {
  return quoted(word).slice(1, -1);
}
