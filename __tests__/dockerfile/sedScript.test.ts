import { describe, expect, it } from 'vitest';
import { sedFiles } from '../../src/dockerfile/sedScript';

describe('what a sed script reads', () => {
  const cases: readonly (readonly [script: string, files: readonly string[] | undefined])[] = [
    ['s/a/b/', []],
    ['s/foo/r bar/;s/\\//x/g', []],
    ['/a/r fix', ['fix']],
    ['/a/{r fix\nd}', ['fix']],
    ['$!R b', ['b']],
    ['s/x/y/;r z\nq5', ['z']],
    ['/a/a hello; r x', []],
    ['a\\\nhello\nr x', ['x']],
    ['1,$s/a/b/gw out', []],
    ['0,/re/I{s//x/}', []],
    ['/x/,+2d;2~3p', []],
    ['\\,a/b,d', []],
    ['y/abc/def/;t end;:end', []],
    ['**,$d', []],
    ['s|**|**|', []],
    ['s|x|cat y|e', undefined],
    ['e ls', undefined],
    ['K', undefined],
    ['s/a', []],
    ['', []],
  ];
  it.each(cases)('%j', (script, files) => {
    expect(sedFiles(script)).toEqual(files);
  });
});
