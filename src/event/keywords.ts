import { UsageError } from '../errors';
import { lowerAscii, trimBlanks } from '../system/ascii';
import { didYouMean, findNearest } from '../system/nearest';
import { quoted } from '../system/quoted';
import type { Catalog, Selection } from '../types';

/** Means every image; each catalog has it. Where a list is given outright, `all` is short for it. */
const everything = 'backend-all';

/** A message may hold a million brackets: only so many different unknown words are compared with the names, and so many warned of. */
const lookedAtMost = 1000;
const warnedAtMost = 10;

/**
 * Reads the keywords of a commit message: `[name]` or `[name, name]` anywhere in it, in any case.
 *
 * A bracket is an opening bracket, characters that are neither bracket nor line break, and a closing bracket, so the innermost of nested
 * brackets counts and a list may not span lines: an opening bracket that somebody forgot to close does not swallow the next paragraph.
 * Between commas only blanks and tabs are trimmed, and only A-Z are folded; `[ſcheduledworkflow]` is not a name.
 * Known names of a list count even when others of it are unknown; those are warned of. Other bracketed words are left alone.
 * Takes time proportional to the message. Never throws.
 */
export function selectFromMessage(message: string, catalog: Catalog): Selection {
  const names = spelling(catalog);
  const found = new Set<string>();
  const unknown = new Map<string, boolean>();
  for (const [, content = ''] of message.matchAll(/\[([^[\]\n\r]*)\]/g)) {
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
