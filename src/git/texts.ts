import { bounds } from '../system/bounds';
import type { GitTree, TreeEntry } from './gitTree';

/** Small files as text (Dockerfiles, go.mod, scripts), each read once. Binary files have no text, nor have those above `bounds.tree.text`. */
export class Texts {
  readonly #tree: GitTree;
  readonly #known = new Map<string, string | undefined>();

  constructor(tree: GitTree) {
    this.#tree = tree;
  }

  /** Reads these in one round; links and submodules are passed over. */
  async load(entries: Iterable<TreeEntry>): Promise<void> {
    const oids = new Set<string>();
    for (const { mode, oid } of entries) {
      if (mode !== '120000' && mode !== '160000' && !this.#known.has(oid)) oids.add(oid);
    }
    await this.#tree.read([...oids], (oid, content) => {
      this.#known.set(
        oid,
        content.length > bounds.tree.text || content.includes(0) ? undefined : content.toString('utf8'),
      );
    });
  }

  /** undefined: it is not text. */
  async of(entry: TreeEntry): Promise<string | undefined> {
    await this.load([entry]);
    return this.#known.get(entry.oid);
  }
}
