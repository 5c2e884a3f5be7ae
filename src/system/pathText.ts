import { isUtf8 } from 'node:buffer';

/** Bytes that are not UTF-8 become U+DC80 … U+DCFF, which UTF-8 itself can't produce: distinct names stay distinct. */
const escapeBase = 0xdc00;

/** A path's bytes as git holds them → text. Valid UTF-8 is decoded as such; no two byte strings give the same text. */
export function pathFromBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(escapeBase + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += bytes.toString('utf8', at, at + length);
      at += length;
    }
  }
  return text;
}

/** The inverse of `pathFromBytes`. */
export function pathToBytes(path: string): Buffer {
  if (!/[\udc80-\udcff]/.test(path)) return Buffer.from(path, 'utf8');
  // A low surrogate behind a high one is half of a character, not an escaped byte.
  const parts = path.split(/(?<![\ud800-\udbff])([\udc80-\udcff])/);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 1 ? Buffer.from([part.charCodeAt(0) - escapeBase]) : Buffer.from(part, 'utf8'),
    ),
  );
}

/**
 * A path for one line of the canonical encoding or a terminal: printable characters stay, a backslash is doubled, any
 * other byte is `\xHH`. Reversible, so distinct paths give distinct text.
 */
export function escapePath(path: string): string {
  if (!/[\0-\x1f\x7f-\x9f\\\u2028\u2029\ud800-\udfff]/.test(path)) return path;
  return path.replace(/[\0-\x1f\x7f-\x9f\\\u2028\u2029]|[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (found) => {
    if (found === '\\') return '\\\\';
    if (found.length === 2) return found;
    const code = found.charCodeAt(0);
    if (code >= 0xdc80 && code <= 0xdcff) return hex(code - escapeBase);
    return [...Buffer.from(found, 'utf8')].map(hex).join('');
  });
}

/** The inverse of `escapePath`. */
export function unescapePath(text: string): string {
  if (!text.includes('\\')) return text;
  // Bytes that were written one by one are read together, so that those of one character find each other again.
  return text.replace(/(?:\\x[0-9a-f]{2})+|\\\\/g, (found) =>
    found === '\\\\' ? '\\' : pathFromBytes(Buffer.from(found.replaceAll('\\x', ''), 'hex')),
  );
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** Length of the valid UTF-8 sequence that starts here, 0 when none does. */
function sequenceLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}

/** `./a//b/../c/` → `a/c`. What would leave the top stays at the top, as Docker has it. */
export function normalise(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return kept.join('/');
}
