/** Directives of C (https://en.cppreference.com/w/c/preprocessor/include), Objective-C and SWIG that name a file. */
const directive =
  /^[ \t/*]*[#%][ \t]*(?:include(?:_next)?|import|embed)\b(?:[ \t]|\/\*[^\n]*?\*\/)*["<]([^">\n]+)[">]/gm;

/** A macro whose text is a file, for `#include MACRO`. */
const macro = /^[ \t/*]*#[ \t]*define[ \t]+\w+[ \t]+["<]([^">\n]+\.\w+)[">]/gm;

/** What an assembler puts in, also from within a text of C: https://sourceware.org/binutils/docs/as/Incbin.html */
const assembled = /\.(?:incbin|include)[ \t]+\\?"([^"\\\n]+)/g;

/** Options of compilers and linkers whose value is a path, written at once with it. */
const attached = /^-(?:I|L|F|B|T|iquote|isystem|idirafter|include|imacros|iprefix|isysroot)(?=.)/;

/** Folders that linkers search, and libraries that they look for; nobody writes more on a line. */
const most = 100;

/**
 * Paths that C, assembly or a cgo preamble names: `#include "x.h"`, `.incbin "x"`, and what is in `#cgo` lines
 * (https://pkg.go.dev/cmd/cgo). Relative to the package's folder or to the including file's. Which words of compilers are paths is left
 * open: what isn't there does not count.
 */
export function includesOf(source: string): readonly string[] {
  const text = source.replaceAll(/\\\r?\n/g, '');
  const found = new Set<string>();
  for (const pattern of [directive, macro, assembled]) {
    for (const [, path = ''] of text.matchAll(pattern)) found.add(path);
  }
  for (const [, flags = ''] of text.matchAll(/^[ \t/*]*#cgo[ \t]([^\n]*)$/gm)) {
    const words = wordsOf(flags.replace(/^[^:\n]*:/, ''));
    for (const word of words) for (const path of pathsIn(word)) found.add(path);
    // `-L. -lfoo`: https://man7.org/linux/man-pages/man1/ld.1.html
    const libraries = new Set(words.filter((word) => /^-l./.test(word)));
    const folders = new Set(
      words.flatMap((word, at) => (word.startsWith('-L') ? word.slice(2) || (words[at + 1] ?? '') : [])),
    );
    for (const folder of [...folders].slice(0, most)) {
      for (const name of [...libraries].slice(0, most)) {
        for (const end of ['.a', '.so']) found.add(`${relative(folder)}/lib${name.slice(2)}${end}`);
      }
    }
  }
  found.delete('');
  return [...found];
}

/** Words as cgo cuts them: quotes hold them together. */
function wordsOf(flags: string): readonly string[] {
  const words = flags.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) => word.replaceAll(/["']|\\(.)/g, '$1'));
}

/** `-Ifolder`, `lib.a`, `@file`, `-Wl,-T,x.ld`, `-fplugin=x.so` */
function pathsIn(word: string): readonly string[] {
  return word
    .split(',')
    .flatMap((part) => [part, part.slice(part.indexOf('=') + 1)])
    .map((part) => relative(part.replace(attached, '').replace(/^[@=]/, '')))
    .filter((part) => !part.startsWith('-') && part.length <= 4096);
}

function relative(path: string): string {
  return path.replace(/^\$\{SRCDIR\}/, '.');
}
