import { expect, test } from 'vitest';
import { includesOf } from '../../src/golang/cIncludes';

const named: readonly (readonly [string, string, string])[] = [
  ['a header', '#include "../c/x.h"', '../c/x.h'],
  ['a header that is looked for', '#  include <sub/x.h>', 'sub/x.h'],
  ['a directive over two lines', '#\\\ninclude "x.h"', 'x.h'],
  ['the next of its name', '#include_next "x.h"', 'x.h'],
  ['an import of Objective-C', '#import "x.h"', 'x.h'],
  ['data of C23', '#embed "x.bin"', 'x.bin'],
  ['a macro', '#define X "sub/x.h"\n#include X', 'sub/x.h'],
  ['SWIG', '%include "x.i"', 'x.i'],
  ['what an assembler puts in', '.incbin "x.bin"', 'x.bin'],
  ['the same in C', '__asm__(".incbin \\"x.bin\\"");', 'x.bin'],
  ['a folder', '#cgo CFLAGS: -I../c', '../c'],
  ['a folder behind its option', '#cgo CFLAGS: -I ../c', '../c'],
  ['a folder of the system', '#cgo linux,amd64 CFLAGS: -isystem ${SRCDIR}/../c', './../c'],
  ['a folder with a blank', '#cgo CFLAGS: "-I${SRCDIR}/a b"', './a b'],
  ['a file before all', '#cgo CFLAGS: -include ../c/x.h', '../c/x.h'],
  ['a library', '#cgo LDFLAGS: lib.a', 'lib.a'],
  ['a library of a folder', '#cgo LDFLAGS: -L. -lfoo', './libfoo.a'],
  ['the same behind its option', '#cgo LDFLAGS: -L ${SRCDIR} -lfoo', './libfoo.so'],
  ["a linker's script", '#cgo LDFLAGS: -Wl,-T,../c/x.ld', '../c/x.ld'],
  ["a value of a linker's option", '#cgo LDFLAGS: -Wl,--version-script=${SRCDIR}/x.map', './x.map'],
  ['a file of options', '#cgo CFLAGS: @flags', 'flags'],
  ['a plugin', '#cgo CFLAGS: -fplugin=../c/x.so', '../c/x.so'],
  ['a file of pkg-config', '#cgo pkg-config: ../c/x.pc', '../c/x.pc'],
];

test.each(named)('%s is found', (_, text, path) => {
  expect(includesOf(text)).toContain(path);
});

test('what is no directive names nothing', () => {
  expect(includesOf('int include; // "x.h"\nchar *a = "#include";\n#pragma once "x.h"\n')).toEqual([]);
});

test('takes time proportional to the text', () => {
  for (const part of ['#include ', '/*#', '#cgo X: -I', ' \t', '.incbin "', '#define a "', '"', '\\\n', '-L ', '-l'])
    expect(includesOf(`#cgo ${part.repeat(200_000)}`).length).toBeLessThan(200_002);
});
