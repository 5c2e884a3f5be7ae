import type { GitTree } from '../git/gitTree';
import { includesOf } from './cIncludes';
import type { Constraint } from './constraint';
import { readGoFile, readHeaderConstraint, type GoFile } from './goFile';

/** What a C, assembly or header file says that concerns other files. */
interface NativeFile {
  readonly constraint: Constraint | 'unreadable' | undefined;
  readonly includes: readonly string[];
}

/** Extensions that Go hands to a C compiler or its assembler: https://pkg.go.dev/cmd/go#hdr-File_types */
const native = /\.(c|cc|cpp|cxx|m|h|hh|hpp|hxx|f|F|for|f90|s|S|sx|swig|swigcxx)$/;

export function isNative(name: string): boolean {
  return native.test(name);
}

/** A file to parse: what it is called decides what it is; `oid` is what a link leads to. */
export interface Source {
  readonly name: string;
  readonly oid: string;
}

/** Files by object id, each read once however many images and packages use it. */
export class ParsedFiles {
  readonly #tree: GitTree;
  readonly #go = new Map<string, GoFile>();
  readonly #native = new Map<string, NativeFile>();
  /** Import paths repeat in thousands of files; one copy of each is kept. */
  readonly #strings = new Map<string, string>();

  constructor(tree: GitTree) {
    this.#tree = tree;
  }

  go(oid: string): GoFile | undefined {
    return this.#go.get(oid);
  }

  native(oid: string): NativeFile | undefined {
    return this.#native.get(oid);
  }

  /** Reads those of `sources` that are Go or native source and not known yet, in one round. */
  async load(sources: Iterable<Source>): Promise<void> {
    const asked = new Map<string, 'go' | 'native'>();
    for (const { name, oid } of sources) {
      if (name.endsWith('.go') && !this.#go.has(oid)) asked.set(oid, 'go');
      else if (isNative(name) && !this.#native.has(oid)) asked.set(oid, 'native');
    }
    await this.#tree.read([...asked.keys()], (oid, content) => {
      if (asked.get(oid) === 'go') {
        const file = readGoFile(content);
        this.#go.set(oid, { ...file, imports: file.imports.map((path) => this.#intern(path)) });
      } else {
        const constraint = readHeaderConstraint(content);
        // A library or a picture includes nothing.
        const isText = !content.subarray(0, 8000).includes(0);
        this.#native.set(oid, { constraint, includes: isText ? includesOf(content.toString('utf8')) : [] });
      }
    });
  }

  #intern(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    this.#strings.set(text, text);
    return text;
  }
}
