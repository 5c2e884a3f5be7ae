import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { UsageError } from '../../src/errors';
import { keywordsText, selectFromList, selectFromMessage } from '../../src/event/keywords';
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
];

describe('keywords of a message', () => {
  test.each(found)('%s', (_, message, keywords, images) => {
    const selected = selectFromMessage(message, kfpCatalog);
    expect(selected.keywords).toEqual(keywords);
    expect(selected.images).toEqual(images);
  });

  const warned: readonly (readonly [string, string, RegExp])[] = [
    ['a slip', '[apisever]', /^\[apisever\] is not a keyword; did you mean \[apiserver\]\?$/],
    ['a swap', '[drievr]', /did you mean \[driver\]/],
    ['the name in use elsewhere', '[cache-server]', /did you mean \[cacheserver\]/],
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

/** An independent reading of the same rules: character by character, without patterns or folding functions. */
function reference(message: string): ReadonlySet<string> {
  const known = new Set([...kfpCatalog.images.keys(), ...kfpCatalog.groups.keys()]);
  const names = new Set<string>();
  let open: string | undefined;
  for (const character of message) {
    if (character === '[') open = '';
    else if (character === '\n' || character === '\r') open = undefined;
    else if (character !== ']') open = open === undefined ? undefined : open + character;
    else {
      for (const part of (open ?? '').split(',')) {
        let word = part;
        while (word.startsWith(' ') || word.startsWith('\t')) word = word.substring(1);
        while (word.endsWith(' ') || word.endsWith('\t')) word = word.substring(0, word.length - 1);
        const name = [...known].find(
          (each) =>
            each.length === word.length &&
            Array.from(each).every((letter, index) => {
              const other = word.charCodeAt(index);
              const own = letter.charCodeAt(0);
              return other === own || (own >= 97 && own <= 122 && other === own - 32);
            }),
        );
        if (name !== undefined) names.add(name);
      }
      open = undefined;
    }
  }
  return names;
}

const name = fc.constantFrom(
  ...kfpCatalog.images.keys(),
  ...kfpCatalog.groups.keys(),
  'all',
  'WIP',
  'apisever',
  'foo',
  '__proto__',
);
const anyCase = fc.tuple(name, fc.infiniteStream(fc.boolean())).map(([word, upper]) =>
  Array.from(word)
    .map((letter) => (upper.next().value === true ? letter.toUpperCase() : letter))
    .join(''),
);
const piece = fc.oneof(
  { weight: 3, arbitrary: anyCase },
  {
    weight: 4,
    arbitrary: fc.constantFrom('[', ']', ',', ' ', '\t', '\n', '\r', '[[', ']]', ', ', '\u0000', 'ſ', 'İ', '\u212a'),
  },
  { weight: 2, arbitrary: anyCase.map((word) => `[${word}]`) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
);
const anyMessage = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

describe('any message', () => {
  test('gives exactly the bracketed known names', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(new Set(selectFromMessage(message, kfpCatalog).keywords)).toEqual(reference(message));
      }),
      { numRuns: 2000 },
    );
  });

  test('of any bytes does not throw, and warns in printable words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), (message) => {
        expect(selectFromMessage(message, kfpCatalog).warnings.join('')).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  const megabyte = 1 << 20;
  test.each([
    ['opening brackets', '['.repeat(megabyte)],
    ['closing brackets', ']'.repeat(megabyte)],
    ['pairs', '[]'.repeat(megabyte)],
    ['nested', '['.repeat(megabyte) + 'driver' + ']'.repeat(megabyte)],
    ['commas', `[${','.repeat(megabyte)}]`],
    ['one long word', `[${'a'.repeat(megabyte)}]`],
    ['blanks before a letter', `[${' '.repeat(megabyte)}x]`],
    [
      'near misses, all different',
      Array.from({ length: 100_000 }, (_, index) => `[${index.toString(36)}server]`).join(''),
    ],
    ['control characters', '\u0000\u0001\u001b['.repeat(megabyte / 4)],
    ['separators', `[${'; '.repeat(megabyte)}]`],
  ])('of megabytes is read to its end: %s', (_, text) => {
    expect(selectFromMessage(`${text}\n[driver]`, kfpCatalog).keywords).toContain('driver');
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
