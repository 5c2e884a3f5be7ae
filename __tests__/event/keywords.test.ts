import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { UsageError } from '../../src/errors';
import { keywordPlaces, keywordsText, selectFromList, selectFromMessage } from '../../src/event/keywords';
import type { Catalog } from '../../src/types';

const allImages = [...kfpCatalog.images.keys()];

const found: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ['an image', 'Fix it [apiserver]', ['apiserver'], ['apiserver']],
  ['any case', 'Fix [ApiServer]', ['apiserver'], ['apiserver']],
  ['a group', '[driver-launcher]', ['driver-launcher'], ['driver', 'launcher']],
  ['all of them', 'x [backend-all] y', ['backend-all'], allImages],
  ['the alias', '[controller]', ['controller'], ['viewercontroller']],
  ['several add up, in order of appearance', '[launcher] and [driver]', ['launcher', 'driver'], ['driver', 'launcher']],
  ['a list', '[driver, launcher]', ['driver', 'launcher'], ['driver', 'launcher']],
  ['a list without blanks, with holes', '[,driver,,\tlauncher ,]', ['driver', 'launcher'], ['driver', 'launcher']],
  ['once each', '[driver] [DRIVER] [driver-launcher]', ['driver', 'driver-launcher'], ['driver', 'launcher']],
  ['in the body', 'Subject\n\nBody [driver]\n', ['driver'], ['driver']],
  ['the innermost of nested brackets', '[[driver]] [x [launcher] y]', ['driver', 'launcher'], ['driver', 'launcher']],
  ['after a bracket that is never closed', 'see [1 and [driver]', ['driver'], ['driver']],
  ['Windows line ends', 'a\r\n[driver]\r\n', ['driver'], ['driver']],
  ['a list over two lines is none', '[driver,\nlauncher]', [], []],
  ['[all] in a message is left alone', 'Fix [all] things', [], []],
  ['other words', '[WIP] [skip ci] - [x] done, [link](https://example.org) []', [], []],
  ['no brackets', 'driver launcher (apiserver) {driver} <driver>', [], []],
  ['nothing', '', [], []],
  ['control characters inside', '[dri\u0000ver] [\u0007driver] [driver\u200b]', [], []],
  ['letters that fold to ASCII elsewhere', '[\u017fcheduledworkflow] [scheduledwor\u212aflow] [vIsualİzation]', [], []],
  ['names of object members', '[__proto__] [constructor] [toString] [hasOwnProperty]', [], []],
  ['full-width brackets', '［driver］', [], []],
  ['an index', 'Lock images[driver] and m[0][launcher], f(x)[apiserver]', ['apiserver'], ['apiserver']],
  [
    'side by side',
    'Fix it:[driver][launcher] 修复[apiserver]',
    ['driver', 'launcher', 'apiserver'],
    ['driver', 'launcher', 'apiserver'],
  ],
  [
    'a link, an image, and what they refer to',
    '[driver](https://x) ![launcher](y)\n[driver]: https://x\n[apiserver]: retry',
    ['apiserver'],
    ['apiserver'],
  ],
  ['code', 'Read `[driver]` and ``a`[launcher]``, ` [apiserver]', ['apiserver'], ['apiserver']],
  [
    'quotation marks',
    'Say "[driver]", (\'x [launcher]\') or “[cacheserver]”; 3" [apiserver] 5" don\'t',
    ['apiserver'],
    ['apiserver'],
  ],
  [
    'a revert of what had one',
    'Revert "Fix it [driver]"\n\nThis reverts commit 1. [launcher]',
    ['launcher'],
    ['launcher'],
  ],
  [
    'a revert of a revert, one with quotation marks, and one that is cut off',
    'Revert "Revert "Fix [driver]"" (#3)\n\n* Revert "Fix "x" in [launcher]"\n* Revert "Fix [visualization] and …\n[apiserver]',
    ['apiserver'],
    ['apiserver'],
  ],
  ['a quotation', 'Fix\n\n> use [driver]\n>> [launcher]\n[apiserver]', ['apiserver'], ['apiserver']],
  ['a subject is not a quotation', '> [driver]', ['driver'], ['driver']],
  [
    'a code block',
    'Fix\n```\n[driver]\n```\n[apiserver]\n~~~~ go\n[launcher]\n~~~\n[launcher]\n~~~~~',
    ['apiserver'],
    ['apiserver'],
  ],
  ['a fence that nobody closes', 'Fix\n```\n[driver]\n~~~', ['driver'], ['driver']],
  ['an indented block', 'Fix\n\n    [driver]\n\t[launcher]\n  [apiserver]', ['apiserver'], ['apiserver']],
  ['what is indented below a line of text', '* Fix\n    [driver]', ['driver'], ['driver']],
  [
    'a comment of a template',
    'Fix (#12)\n\n<!-- write [driver]\nor [launcher] -->[apiserver] <!-- [',
    ['apiserver'],
    ['apiserver'],
  ],
  [
    'a squash of several',
    'All (#3)\n\n* One [driver]\n\n* Two [launcher]',
    ['driver', 'launcher'],
    ['driver', 'launcher'],
  ],
];

describe('keywords of a message', () => {
  test.each(found)('%s', (_, message, keywords, images) => {
    const selected = selectFromMessage(message, kfpCatalog);
    expect(selected.keywords).toEqual(keywords);
    expect(selected.images).toEqual(images);
  });

  test('the log says where they are, and which do not count', () => {
    const message =
      'Fix [driver]\r\n\r\n`[launcher]` and m[launcher]\n[driver, launcher, driver] [WIP]\n\n```\n[apiserver, x]\n```';
    expect(keywordPlaces(message, kfpCatalog)).toEqual([
      'Keywords of the commit message: driver (line 1, 4), launcher (line 4).',
      'No keyword: [launcher] in line 3 (an index); [apiserver] in line 7 (a code block).',
    ]);
    expect(keywordPlaces('Fix [WIP]', kfpCatalog)).toEqual([]);
    expect(keywordPlaces('\n[driver]'.repeat(100_000), kfpCatalog)).toEqual([
      'Keywords of the commit message: driver (line 2, 3, 4, 5, 6, …).',
    ]);
  });

  test('a slip where no keyword can be is not warned of', () => {
    expect(selectFromMessage('Use m[apisever]\n> [drievr]', kfpCatalog).warnings).toEqual([]);
  });

  const warned: readonly (readonly [string, string, RegExp])[] = [
    ['a slip', '[apisever]', /^\[apisever\] is not a keyword; did you mean \[apiserver\]\?$/],
    ['a swap', '[drievr]', /did you mean \[driver\]/],
    ['the name in use elsewhere', '[cache-server]', /did you mean \[cacheserver\]/],
    ['a name with a word beside it', '[kfp-driver]', /^\[kfp-driver\] is not a keyword; did you mean \[driver\]\?$/],
    ['names with a word between them', '[launcher and driver]', /did you mean \[launcher, driver\]/],
    ['names without a comma', '[launcher-driver]', /did you mean \[launcher, driver\]/],
    ['a group', '[driver-luncher]', /did you mean \[driver-launcher\]/],
    ['all in a list', '[driver, all]', /write \[backend-all\]/],
    ['a wrong separator', '[driver; launcher]', /separate names by commas: \[driver, launcher\]/],
    ['a stranger beside a name', '[driver, foo]', /^"foo" in a list of keywords is not an image/],
  ];
  test.each(warned)('warns of %s', (_, message, warning) => {
    const { warnings } = selectFromMessage(message, kfpCatalog);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
  });

  test.each(['[WIP]', '[skip ci]', '[all]', '[ci]', '[x]', '[tests]', '[1/2]', '[SDK]', '[frontend]'])(
    'leaves %s without a warning',
    (message) => {
      expect(selectFromMessage(message, kfpCatalog).warnings).toEqual([]);
    },
  );

  test('a known name counts though its neighbour is unknown', () => {
    expect(selectFromMessage('[driver, foo, lancher]', kfpCatalog)).toEqual({
      keywords: ['driver'],
      images: ['driver'],
      warnings: [
        '"foo" in a list of keywords is not an image of the catalog; it was passed over',
        '[lancher] is not a keyword; did you mean [launcher]?',
      ],
    });
  });

  test('warnings are few, whatever the message', () => {
    const slips = Array.from({ length: 50_000 }, (_, index) => `[drive${index % 900}]`).join(' ');
    expect(selectFromMessage(slips, kfpCatalog).warnings).toHaveLength(11);
  });

  test('a warning carries no control character', () => {
    const { warnings } = selectFromMessage('[drive\u001b, driver]', kfpCatalog);
    expect(warnings.join('')).not.toMatch(/\p{Cc}/u);
    expect(warnings).toEqual(['[drive\\u{1b}] is not a keyword; did you mean [driver]?']);
  });

  test('backend-all means every image of any catalog', () => {
    const driver = kfpCatalog.images.get('driver');
    if (driver === undefined) throw new Error('no driver');
    const catalog: Catalog = {
      source: 'x.yaml',
      images: new Map([['ui', { ...driver, name: 'ui' }]]),
      groups: new Map(),
    };
    expect(selectFromMessage('[backend-all] [ci]', catalog)).toEqual({
      keywords: ['backend-all'],
      images: ['ui'],
      warnings: [],
    });
  });
});

describe('a list given outright', () => {
  test.each([
    ['all', ['backend-all'], allImages],
    ['ALL', ['backend-all'], allImages],
    ['controller', ['controller'], ['viewercontroller']],
    [' Driver ', ['driver'], ['driver']],
  ])('%s', (word, keywords, images) => {
    expect(selectFromList([word, ''], kfpCatalog)).toEqual({ keywords, images, warnings: [] });
  });

  test('of nothing selects nothing', () => {
    expect(selectFromList([], kfpCatalog)).toEqual({ keywords: [], images: [], warnings: [] });
  });

  test('names every unknown word, the nearest and the known ones', () => {
    const act = (): unknown => selectFromList(['apisever', 'driver', '__proto__', 'foo\u0007'], kfpCatalog);
    expect(act).toThrow(UsageError);
    expect(act).toThrow('"apisever" is not in the catalog; did you mean "apiserver"?');
    expect(act).toThrow('"__proto__" is not in the catalog\n');
    expect(act).toThrow('"foo\\u{7}" is not in the catalog');
    expect(act).toThrow(/known: driver, launcher, .*backend-all.*, all$/);
  });
});

test('the menu without its list says what is missing', () => {
  expect(() => selectFromList(['listed below'], kfpCatalog)).toThrow(
    /the list below it is empty. Write names or groups there: driver, launcher/,
  );
});

describe('the text that a trigger writes', () => {
  test.each([
    [['all'], '[backend-all]'],
    [['driver', 'launcher'], '[driver, launcher]'],
    [['CONTROLLER'], '[controller]'],
    [[], ''],
  ])('%j is %s', (list, text) => {
    expect(keywordsText(selectFromList(list, kfpCatalog))).toBe(text);
  });

  test('selects in a message what the list selected', () => {
    const list = fc.subarray([...kfpCatalog.images.keys(), ...kfpCatalog.groups.keys(), 'all']);
    fc.assert(
      fc.property(list, fc.string(), (names, subject) => {
        const selected = selectFromList(names, kfpCatalog);
        const { images } = selectFromMessage(`${subject.replaceAll('[', '(')} ${keywordsText(selected)}`, kfpCatalog);
        expect(images).toEqual(selected.images);
      }),
    );
  });
});
