import { describe, expect, it } from 'vitest';
import { ContextView } from '../../src/dockerfile/contextView';
import { readIgnoreRules } from '../../src/dockerfile/ignoreRules';
import { memoryTree, type Content } from '../plan/memoryTree';

const files: Readonly<Record<string, Content>> = {
  'a/b/one.go': '1',
  'a/b/two.txt': '2',
  'a/three.go': '3',
  'link-to-file': { link: 'a/three.go' },
  'link-to-folder': { link: 'a/b' },
  'link-to-link': { link: './link-to-folder/' },
  'link-out': { link: '../../etc/passwd' },
  'link-absolute': { link: '/a/three.go' },
  'link-circle': { link: 'link-circle' },
  'sub/context/x': 'x',
  'sub/context/up': { link: '../../a/three.go' },
  'sub/other': 'o',
  top: 't',
};

function taken(source: string, folder = '', rules = ''): readonly string[] {
  const read = readIgnoreRules(rules);
  if (typeof read === 'string') throw new Error(read);
  const view = new ContextView(memoryTree(files), folder, read);
  return [...new Set(view.source(source).map((entry) => entry.path))].sort();
}

describe('what a COPY source takes', () => {
  const cases: readonly (readonly [string, string, readonly string[], string?, string?])[] = [
    ['a file', 'top', ['top']],
    ['a folder', 'a', ['a/b/one.go', 'a/b/two.txt', 'a/three.go']],
    ['nothing that is not there', 'nothing', []],
    ['a pattern in one folder', 'a/*.go', ['a/three.go']],
    ['a pattern that matches a folder', 'a/?', ['a/b/one.go', 'a/b/two.txt']],
    [
      'a pattern for folders',
      '*/b/*.go',
      [
        'a/b/one.go',
        'link-to-file',
        'a/three.go',
        'link-to-folder',
        'a/b/two.txt',
        'link-to-link',
        'link-out',
        'link-absolute',
        'link-circle',
      ],
    ],
    ['a pattern over all folders', 'a/**/*.go', ['a/b/one.go', 'a/three.go']],
    ['a pattern below a link to a folder', 'link-to-folder/*.go', ['a/b/one.go', 'link-to-folder']],
    [
      'a pattern below a link to a link',
      'link-to-link/*',
      ['a/b/one.go', 'a/b/two.txt', 'link-to-folder', 'link-to-link'],
    ],
    ['everything under a malformed pattern', 'a/[', Object.keys(files)],
    ['a link and its file', 'link-to-file', ['a/three.go', 'link-to-file']],
    ['a link and its folder', 'link-to-folder', ['a/b/one.go', 'a/b/two.txt', 'link-to-folder']],
    ['a file below a link to a link', 'link-to-link/one.go', ['a/b/one.go', 'link-to-folder', 'link-to-link']],
    ['an absolute link, from the top of the context', 'link-absolute', ['a/three.go', 'link-absolute']],
    ['a link that leads nowhere', 'link-out', ['link-out']],
    ['a circle of links', 'link-circle', ['link-circle']],
    ['only what is visible', 'a', ['a/b/two.txt', 'a/three.go'], '', '**/one.go'],
    ['a context below the top', 'x', ['sub/context/x'], 'sub/context'],
    ['a link out of such a context', 'up', ['sub/context/up'], 'sub/context'],
    ['the rules from the top of such a context', '', ['sub/context/up'], 'sub/context', 'x'],
  ];
  const named = cases.map(([name, source, expected, folder, rules]) => ({ name, source, expected, folder, rules }));
  it.each(named)('$name', ({ source, expected, folder, rules }) => {
    expect(taken(source, folder, rules)).toEqual([...expected].sort());
  });
});
