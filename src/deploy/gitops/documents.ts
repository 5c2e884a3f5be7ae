import { isScalar, LineCounter, parseAllDocuments, visit, YAMLParseError, type Document } from 'yaml';

/**
 * The documents of a YAML text, with the places of all nodes in it. A key that a map has twice is an error of its document; it is looked for
 * here, because the parser compares each key with each other one, which takes minutes where a map has tens of thousands.
 */
export function documentsOf(text: string): readonly Document.Parsed[] {
  const lineCounter = new LineCounter();
  const options = { logLevel: 'silent', keepSourceTokens: true, uniqueKeys: false, lineCounter } as const;
  const parsed = parseAllDocuments(text, options);
  if (!Array.isArray(parsed)) return [];
  for (const document of parsed) {
    const [start, end] = twice(document) ?? [];
    if (start === undefined || end === undefined) continue;
    const { line, col } = lineCounter.linePos(start);
    const words = `Map keys must be unique at line ${line}, column ${col}`;
    document.errors.push(new YAMLParseError([start, end], 'DUPLICATE_KEY', words));
  }
  return parsed;
}

/** The first line of a parser's message; a text that is nested more deeply than its stack can follow says so. */
export function syntaxWhy(message: string): string {
  const line = (message.split('\n')[0] ?? '').replace(/:$/, '');
  return line.replace(/^Maximum call stack size exceeded/, 'It is nested too deeply');
}

/** Where a key is that its map has already; undefined: nowhere. */
function twice(document: Document.Parsed): readonly [number, number] | undefined {
  if (document.errors.length > 0) return undefined;
  let found: readonly [number, number] | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          found = [key.range?.[0] ?? 0, key.range?.[1] ?? 0];
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}
