/**
 * Text from outside, in quotes, fit for one line of a message: quotes, backslashes, line breaks, control characters and characters that
 * turn the direction of writing or can't be seen are escaped, and what is longer than `limit` characters is cut, which is shown.
 */
export function quoted(text: string, limit = 80): string {
  const shown = text.length > limit ? text.slice(0, limit) : text;
  const escaped = shown.replace(/["\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escape);
  return text.length > limit ? `"${escaped}…" (${text.length} characters)` : `"${escaped}"`;
}

function escape(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
