import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clip,
  commandData,
  commandProperty,
  markdownCode,
  markdownFence,
  markdownText,
  mermaidText,
  oneLine,
  visible,
  withoutCommand,
  withoutControlSequences,
} from '../../src/report/escape';
import { nastyText } from './nasty';

/** As the runner reads a line; .NET's blanks and those of JavaScript differ only in characters that are never left over. */
function runnerObeys(line: string): boolean {
  return line.trimStart().startsWith('::') || line.includes('##[');
}

/** Characters that a terminal obeys or hides. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe('visible', () => {
  it.each([
    ['a colour', '\u001b[31mred', '\\x1b[31mred'],
    ['a bell and a null', 'a\u0007b\u0000', 'a\\x07b\\x00'],
    ['an 8-bit control sequence', '\u009b31m', '\\x9b31m'],
    ['a bidi override', 'user\u202egpj.exe', 'user\\u202egpj.exe'],
    ['a zero-width space and a byte order mark', '\u200b\ufeff', '\\u200b\\ufeff'],
    ['a tag character', '\u{e0041}', '\\u{e0041}'],
    ['half a character', 'x\ud83d', 'x\\ud83d'],
    ['line feeds and tabs stay', 'a\n\tb', 'a\n\tb'],
    ['a carriage return does not', 'a\rb', 'a\\x0db'],
    ['an emoji with its variation selector', 'ok ✔\ufe0f 🎉', 'ok ✔\ufe0f 🎉'],
    ['other scripts', 'größe 画像 שלום', 'größe 画像 שלום'],
  ])('%s', (_, text, expected) => {
    expect(visible(text)).toBe(expected);
  });

  it('leaves nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(
        nastyText,
        (text) => !HARMFUL.test(visible(text).replace(/[\n\t]/g, '')) && visible(text).isWellFormed(),
      ),
    );
  });
});

describe('oneLine and clip', () => {
  it('give one line of bounded length', () => {
    fc.assert(
      fc.property(nastyText, fc.integer({ min: 1, max: 50 }), (text, max) => {
        const line = oneLine(text, max);
        return line.length <= max && !/[\r\n\t]/.test(line) && line.isWellFormed();
      }),
    );
  });

  it('never cut a character in half', () => {
    expect(clip('ab🎉', 4)).toBe('ab🎉');
    expect(clip('ab🎉c', 4)).toBe('ab…');
  });

  it('are quick on megabytes', () => {
    expect(oneLine('\u202e '.repeat(1_000_000), 20)).toHaveLength(20);
  });
});

describe('withoutControlSequences', () => {
  it.each([
    ['colours', '\u001b[1;31mred\u001b[0m', 'red'],
    ['cursor moves', 'a\u001b[2K\u001b[1Gb', 'ab'],
    ['a title', '\u001b]0;evil\u0007text', 'text'],
    ['a link', '\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['an unfinished one stays, to be made visible', 'a\u001b[12', 'a\u001b[12'],
  ])('%s', (_, text, expected) => {
    expect(withoutControlSequences(text)).toBe(expected);
  });
});

describe('withoutCommand', () => {
  it.each([
    ['::error::x', ': :error::x'],
    ['   ::set-output name=a::b', '   : :set-output name=a::b'],
    ['\u3000::error::x', '\u3000: :error::x'],
    [':::error::x', ': ::error::x'],
    ['text ##[error]x', 'text ## [error]x'],
    ['###[error]x', '### [error]x'],
    ['std::vector', 'std::vector'],
  ])('%s', (line, expected) => {
    expect(withoutCommand(line)).toBe(expected);
  });

  it('leaves no line that the runner obeys', () => {
    fc.assert(
      fc.property(nastyText, (text) =>
        visible(text)
          .split('\n')
          .every((line) => !runnerObeys(withoutCommand(line))),
      ),
    );
  });
});

describe('commandData and commandProperty', () => {
  /** As the runner undoes it. */
  const unescape = (text: string): string =>
    text.replace(/%0D|%0A|%3A|%2C|%25/g, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));

  it('stay on one line and come back whole', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const data = commandData(text);
        return !/[\r\n]/.test(data) && unescape(data) === visible(text);
      }),
    );
  });

  it('a property ends neither itself nor the command', () => {
    fc.assert(fc.property(nastyText, (text) => !/[\r\n:,]/.test(commandProperty(text))));
    expect(commandProperty('a,line=9::\nb')).toBe('a%2Cline=9%3A%3A b');
  });
});

describe('markdownText', () => {
  it.each([
    ['words', 'content changed in a-b/c.go', 'content changed in a-b/c.go'],
    ['a mention', 'thanks @octocat', 'thanks &#64;&#8203;octocat'],
    ['an address', 'see www.x.example', 'see www&#46;x.example'],
    ['HTML', '<b>', '&#60;b&#62;'],
    ['a table border', 'a|b', 'a&#124;b'],
    ['a list', '- a', '&#45; a'],
    ['an ordered list', '1. a', '1&#46; a'],
    ['line breaks', 'a\n\n# b', 'a &#35;&#8203; b'],
    ['a bidi override', 'a\u202eb', 'a&#92;u202eb'],
  ])('%s', (_, text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  it('is words and entities only, on one line', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const bare = markdownText(text).replace(/&#\d+;/g, '');
        return !/[\\`*_{}[\]()#+!|<>@:~^$=&;"'\r\n]|www\.|^[-+.]|^\d+\. /i.test(bare);
      }),
    );
  });
});

describe('markdownCode', () => {
  it.each([
    ['a reference', 'r.example/p/driver@sha256:ab', '`r.example/p/driver@sha256:ab`'],
    ['a backtick', 'a`b', '<code>a&#96;b</code>'],
    ['a table border', 'a|b', '<code>a&#124;b</code>'],
    ['nothing', '  ', ''],
  ])('%s', (_, text, expected) => {
    expect(markdownCode(text)).toBe(expected);
  });

  it('never ends early', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const shown = markdownCode(text);
        return shown === '' || /^`[^`|\\\r\n]+`$/.test(shown) || /^<code>[^<>`|]+<\/code>$/.test(shown);
      }),
    );
  });
});

describe('markdownFence', () => {
  it('is closed by nothing inside', () => {
    fc.assert(
      fc.property(fc.array(nastyText, { maxLength: 5 }), (lines) => {
        const shown = markdownFence(lines).split('\n');
        const fence = shown[0] ?? '';
        return (
          /^`{3,}$/.test(fence) && shown.at(-1) === fence && shown.slice(1, -1).every((line) => !line.includes(fence))
        );
      }),
    );
  });
});

describe('mermaidText', () => {
  it('is words and entity codes only', () => {
    fc.assert(fc.property(nastyText, (text) => /^(?:[\p{L}\p{N} ._/-]|#\d+;)+$/u.test(mermaidText(text))));
  });
});
