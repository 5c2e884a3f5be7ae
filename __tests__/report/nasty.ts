import fc from 'fast-check';

/** Characters of all kinds, halves of pairs too. */
export const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0, max: 0x10ffff })))
  .map((points) => points.map((point) => String.fromCodePoint(point)).join(''));

const PIECES = [
  '::error::x',
  '##[error]x',
  '###[',
  '::add-mask::',
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\u202e',
  '\u200b',
  '\ufeff',
  '\ud800',
  '\u0085',
  '\u2028',
  '\r\n',
  '\r',
  '\n',
  '\n\n# x',
  '  ',
  '\t',
  '```',
  '```\n',
  '`',
  '|',
  '\\',
  '<img src=x onerror=1>',
  '<!--',
  '-->',
  '</details>',
  '](http://x)',
  '![a](b)',
  '@team/all',
  '#12',
  'https://x.example',
  'www.x.example',
  ':tada:',
  '&lt;',
  '%0A',
  '"',
  '"]',
  ';',
  '%%{init: {}}%%',
  'end',
] as const;

/** Any text, with what does harm far more often than by chance. */
export const nastyText = fc
  .array(fc.oneof(anyText, fc.constantFrom(...PIECES)), { maxLength: 8 })
  .map((parts) => parts.join(''));
