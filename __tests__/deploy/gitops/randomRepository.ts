import { template, type Bends, type Part, type Template } from './randomTemplates';
import { isInner, isSlot, Printer, randomOf, type Random, type Tree, type ValueOf } from './randomYaml';

/**
 * GitOps repositories as a seed makes them: files of the formats that people keep, in random styles, with comments, anchors, line ends, and
 * places that need more than a value put in place of another. Each knows what its files must say after an edit.
 */

/** A file: as it is, and as it must be. */
export interface RandomFile {
  readonly path: string;
  readonly text: string;
  /** Byte for byte; undefined: only the data is known, because a line comes or goes. */
  readonly exact: string | undefined;
  /** What each document must say. */
  readonly expected: readonly unknown[];
  readonly comments: number;
}

/** A repository, and the images of which it has a place. */
export interface RandomRepository {
  readonly files: readonly RandomFile[];
  /** It has places for a part of what belongs together only. */
  readonly isHalf: boolean;
  /** It has something (an alias of a value, a variable twice) that may be refused. */
  readonly mayRefuse: boolean;
}

/** The repository of a seed. */
export function randomRepository(seed: number, valueOf: ValueOf): RandomRepository {
  const random = randomOf(seed);
  const whole: readonly Part[] = ['api', 'driver', 'launcher'];
  const parts = random() < 0.2 ? whole.filter(() => random() < 0.5) : [...whole];
  const count = 1 + Math.floor(random() * 3);
  const shares = Array.from({ length: count }, () => new Set<Part>());
  for (const part of parts) (shares[Math.floor(random() * count)] ?? shares[0])?.add(part);
  const bends: Bends = { alias: false, fault: false, shape: false, added: false };
  const files = shares
    .filter((share) => share.size > 0)
    .map((share, index) => fileOf(random, template(random, share, bends, index), bends, valueOf));
  return { files, isHalf: parts.length < whole.length && !bends.added, mayRefuse: bends.alias || bends.fault };
}

function fileOf(
  random: Random,
  { path, documents, after = documents }: Template,
  bends: Bends,
  valueOf: ValueOf,
): RandomFile {
  const style = Math.floor(random() * 2 ** 31);
  const crlf = random() < 0.25;
  const isEnv = path.endsWith('.env');
  const print = (trees: readonly Tree[], isNew: boolean): { text: string; comments: number; aliases: number } => {
    const printer = new Printer(randomOf(style), (each) => valueOf(each, isNew), isNew);
    const text = isEnv ? printer.env(trees[0] ?? null) : trees.map((tree) => printer.document(tree)).join('---\n');
    const { comments, aliases } = printer;
    return { text: crlf ? text.replaceAll('\n', '\r\n') : text, comments, aliases };
  };
  const before = print(documents, false);
  if (before.aliases > 0) bends.alias = true;
  const exact = !bends.shape && before.aliases === 0 ? print(documents, true).text : undefined;
  return {
    path,
    text: before.text,
    exact,
    comments: before.comments,
    expected: after.map((tree) => plain(tree, valueOf)),
  };
}

/** What a tree says afterwards. Texts that are YAML are marked, to be read again. */
function plain(tree: Tree, valueOf: ValueOf): unknown {
  if (Array.isArray(tree)) return tree.map((each: Tree) => plain(each, valueOf));
  if (tree === null || typeof tree !== 'object') return tree;
  if (isSlot(tree)) return valueOf(tree, true);
  if (isInner(tree)) return { inner: plain(tree.inner, valueOf) };
  return Object.fromEntries(Object.entries(tree).map(([key, each]) => [key, plain(each, valueOf)]));
}
