/**
 * Paths that C, assembly or a cgo preamble names: `#include "x.h"` and `${SRCDIR}/…` of `#cgo` lines
 * (https://pkg.go.dev/cmd/cgo). Relative to the package's folder or to the including file's.
 */
export function includesOf(text: string): readonly string[] {
  const found = new Set<string>();
  for (const line of text.matchAll(/^[ \t/*]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]/gm)) found.add(line[1] ?? '');
  for (const line of text.matchAll(/^[ \t/*]*#cgo[ \t]([^\n]*)$/gm)) {
    for (const word of (line[1] ?? '').matchAll(/\$\{SRCDIR\}([^\s"']*)/g)) found.add(`.${word[1] ?? ''}`);
    for (const word of (line[1] ?? '').matchAll(/(?:^|[\s"'])-[IL]([^\s"'$][^\s"']*)/g)) found.add(word[1] ?? '');
  }
  found.delete('');
  return [...found];
}
