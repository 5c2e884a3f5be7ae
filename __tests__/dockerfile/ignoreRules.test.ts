import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContextView } from '../../src/dockerfile/contextView';
import { readIgnoreRules } from '../../src/dockerfile/ignoreRules';
import { compileIgnore, compileSource } from '../../src/dockerfile/pattern';
import { memoryTree } from '../plan/memoryTree';

/** Files that are still there under these rules. */
function visible(rules: string, paths: readonly string[]): readonly string[] {
  const read = readIgnoreRules(rules);
  if (typeof read === 'string') return [read];
  const tree = memoryTree(Object.fromEntries(paths.map((path) => [path, path])));
  return new ContextView(tree, '', read).all.map((entry) => entry.path);
}

describe('.dockerignore', () => {
  const cases: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ['a name at the top only', 'a', ['a', 'b/a'], ['b/a']],
    ['a folder with all that is in it', 'a', ['a/b/c', 'ab'], ['ab']],
    ['slashes at both ends', '/a/', ['a/b', 'c'], ['c']],
    ['one star stays in its folder', '*/x*', ['a/x1', 'a/b/x1', 'x1'], ['a/b/x1', 'x1']],
    ['a question mark is one character', 'a?', ['a', 'ab', 'aé', 'abc'], ['a', 'abc']],
    ['two stars are any folders', '**/*.go', ['a.go', 'b/c/d.go', 'b/x'], ['b/x']],
    ['two stars at the end are everything', 'a/**', ['a/b/c', 'b'], ['b']],
    ['two stars in the middle', 'a/**/z', ['a/z', 'a/b/c/z', 'a/b/y'], ['a/b/y']],
    ['sets', '[a-c]x', ['ax', 'dx', '-x'], ['-x', 'dx']],
    ['negated sets', '[^a-c]x', ['ax', 'dx'], ['ax']],
    ['a negated set lets in across folders', '*\n!a[^x]b', ['a/b', 'a/c', 'axb'], ['a/b']],
    ['an escaped star', '\\*', ['*', 'a'], ['a']],
    ['characters that regular expressions know are plain', 'a+b(c)$|{1}', ['a+b(c)$|{1}', 'aab'], ['aab']],
    ['case counts', 'A', ['A', 'a'], ['a']],
    ['comments and blanks', '# a\n  b  \n\n', ['# a', 'a', 'b'], ['# a', 'a']],
    ['an indented # is a pattern', ' #a', ['#a', 'b'], ['b']],
    ['an exception', '*.md\n!README.md', ['README.md', 'x.md'], ['README.md']],
    [
      'the last rule that matches decides',
      '*.md\n!README*.md\nREADME-x.md',
      ['README-x.md', 'README.md'],
      ['README.md'],
    ],
    ['an exception in an excluded folder', 'a\n!a/b/c', ['a/b/c', 'a/b/d', 'a/e'], ['a/b/c']],
    ['an exception for a folder', '*\n!a', ['a/b', 'c'], ['a/b']],
    ['an exception behind a slash', '*\n/!a\n//!b', ['a', 'b', 'c'], ['a', 'b']],
    ['a byte order mark at the start only', '\ufeffa\n\ufeffb\n\u0085c', ['\ufeffb', 'a', 'b', 'c'], ['b']],
    ['an exception before its rule has no effect', '!a\na', ['a', 'b'], ['b']],
    ['dots are cleaned away', './a/../b//c', ['a', 'b/c'], ['a']],
    ['what lies outside matches nothing', '../a', ['a'], ['a']],
    ['names of object members', 'x', ['__proto__', 'constructor', 'x'], ['__proto__', 'constructor']],
    ['undefined: an open set', '[a', [], ['line 1: "[a" is not a valid pattern, or none that is documented']],
    [
      'undefined: an escape at the end',
      'a\\',
      [],
      ['line 1: "a\\" is not a valid pattern, or none that is documented'],
    ],
    [
      'undefined: what the engine reads as a regular expression',
      'a|*',
      [],
      ['line 1: "a|*" is not a valid pattern, or none that is documented'],
    ],
    ['undefined: an anchor', '*/x^y', [], ['line 1: "*/x^y" is not a valid pattern, or none that is documented']],
    [
      'undefined: a class in a set',
      '[[:alpha:]]',
      [],
      ['line 1: "[[:alpha:]]" is not a valid pattern, or none that is documented'],
    ],
    ['the same characters without a wildcard', 'x^y\n{a|b}/**\n**.{c}', ['x^y', '{a|b}/c', 'd.{c}', 'e'], ['e']],
    ['a bracket in a set, or escaped', '[[]a\n\\^*', ['[a', '^b', 'c'], ['c']],
    ['a suffix whose star is escaped is whole names', '**\\*x', ['*x', 'b/*x', 'a*x'], ['a*x']],
    ['undefined: a lone exclamation mark', 'a\n!', [], ['line 2: "!" without a pattern']],
    ['undefined: an escaped letter', 'a\\d', [], ['line 1: what "a\\d" matches is not documented']],
  ];
  it.each(cases)('%s', (_, rules, paths, expected) => {
    expect(visible(rules, paths)).toEqual(expected);
  });

  it('answers on any text, and hides nothing without a rule', () => {
    const paths = ['a', 'b/c', 'b/d/e', '.x', 'a b'];
    const piece = fc.constantFrom('*', '**', '/', '?', '[', ']', '^', '-', '!', '\\', 'a', 'b', '\n', '#', ' ', '.');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 40 }), (pieces) => {
        for (const path of visible(pieces.join(''), paths)) expect(path).not.toBe('');
      }),
      { numRuns: 2000 },
    );
    expect(visible('# nothing\n\n', paths)).toHaveLength(paths.length);
  });

  it('takes no longer for a pattern made to take long', () => {
    const rules = `${'**/'.repeat(200)}x\n${'*a'.repeat(500)}\n${'a**'.repeat(300)}b`;
    expect(visible(rules, [`${'a/'.repeat(120)}a`, 'a'.repeat(250)])).toHaveLength(2);
  });
});

describe('a single pattern', () => {
  const segment = fc.array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '[^a]', '.'), { minLength: 1, maxLength: 3 });
  const pattern = fc
    .array(
      fc.oneof(
        segment.map((parts) => parts.join('')),
        fc.constant('**'),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((segments) => segments.join('/'));
  const path = fc
    .array(fc.stringMatching(/^[ab.]{1,3}$/), { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join('/'));

  /**
   * What the engine makes of a pattern (github.com/moby/patternmatcher v0.6.1, run beside ours on 939,354 random pairs),
   * as a regular expression; only for patterns made of the parts above.
   */
  function asExpression(text: string): RegExp {
    const ending = /^\*\*([ab.][ab./]*)$/.exec(text)?.[1];
    if (ending !== undefined) return new RegExp(`^.*${ending.replaceAll('.', '\\.')}$`);
    const body = text.replace(/\*\*\/?|\*|\?|\./g, (found, at: number) => {
      if (found === '*') return '[^/]*';
      if (found === '?') return '[^/]';
      if (found === '.') return '\\.';
      return at + found.length === text.length ? '.*' : '(?:.*/)?';
    });
    return new RegExp(`^${body}$`);
  }

  it('means what it means to the engine', () => {
    fc.assert(
      fc.property(pattern, path, (text, candidate) => {
        expect(compileIgnore(text)?.matches(candidate)).toBe(asExpression(text).test(candidate));
      }),
      { numRuns: 5000 },
    );
  });

  it('finds for COPY at least what Go finds', () => {
    fc.assert(
      fc.property(pattern, path, (text, candidate) => {
        const narrow = new RegExp(`^${text.replace(/[.]/g, '\\.').replace(/\*+/g, '[^/]*').replace(/\?/g, '[^/]')}$`);
        if (narrow.test(candidate) && !text.includes('[^')) expect(compileSource(text)?.matches(candidate)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
