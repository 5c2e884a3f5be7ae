import { bounds } from './bounds';

/** JSON from outside; undefined: it is not one, or more than `bounds.json` (`jsonExcess` says what). */
export function parseJson(text: string | Uint8Array): unknown {
  if (jsonExcess(text) !== undefined) return undefined;
  try {
    return JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Why a text has too much in it to be parsed as JSON, as the end of a sentence about it; undefined: it has not. A text of some megabytes can
 * become an object of gigabytes (`[[],[],…`), so this is asked first. Takes no memory.
 */
export function jsonExcess(text: string | Uint8Array): string | undefined {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  let values = 0;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) at = endOfText(bytes, at);
    else if (byte === comma) values += 1;
    else if (byte === bracket || byte === brace) {
      values += 1;
      if (++depth > bounds.json.depth) return `is nested deeper than ${String(bounds.json.depth)} levels`;
    } else if (byte === closingBracket || byte === closingBrace) depth -= 1;
    if (values > bounds.json.values) return `has more than ${String(bounds.json.values)} values`;
  }
  return undefined;
}

const [quote, backslash, comma, bracket, closingBracket, brace, closingBrace] = Buffer.from('"\\,[]{}');

/** Where the text in quotes ends that begins at `start`. */
function endOfText(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === backslash) at += 1;
    else if (bytes[at] === quote) return at;
  }
  return bytes.length;
}

/** A field of something whose form is not known; undefined: it has none of its own by that name. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
