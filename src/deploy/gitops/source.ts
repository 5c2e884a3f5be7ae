import { LineCounter, parseAllDocuments, visit, type Document, type Scalar } from 'yaml';

/** A YAML file: its documents, with the places of all nodes in the text. */
export interface YamlSource {
  readonly path: string;
  readonly text: string;
  /** Empty: it is no YAML (a template), so that only texts can be replaced in it. */
  readonly documents: readonly Document.Parsed[];
  /** As most of its lines end: `\n` or `\r\n`. */
  readonly lineEnd: string;
}

/** Reads a file. Whether it is YAML shows in `documents`. */
export function readYaml(path: string, text: string): YamlSource {
  const windows = text.split('\r\n').length - 1;
  const lineEnd = windows * 2 > text.split('\n').length - 1 ? '\r\n' : '\n';
  const parsed = parseAllDocuments(text, {
    lineCounter: new LineCounter(),
    logLevel: 'silent',
    keepSourceTokens: true,
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  const isYaml = documents.length > 0 && documents.every(({ errors }) => errors.length === 0);
  return { path, text, documents: isYaml ? documents : [], lineEnd };
}

/** Every scalar that is a value (no key of a map), in the order of the file. */
export function scalarsOf(source: YamlSource): readonly Scalar[] {
  const found: Scalar[] = [];
  for (const document of source.documents) {
    visit(document, {
      Scalar: (key, node) => {
        if (key !== 'key') found.push(node);
      },
    });
  }
  return found;
}
