/* Prints random YAML for the tests of GitOps edits. */

/** What a value says of an image: before by `old`, afterwards by the set. */
export interface Slot {
  readonly slot: string;
  readonly part: 'reference' | 'repository' | 'digest';
  /** A key without a value, or another name than ours before. */
  readonly before?: null | string;
}
/** A text that is YAML itself. */
export interface Inner {
  readonly inner: Tree;
}
/** A key of the one, absent in the other. */
export type Tree = null | boolean | number | string | Slot | Inner | readonly Tree[] | { readonly [key: string]: Tree };

export type ValueOf = (slot: Slot, isNew: boolean) => string;
export type Random = () => number;

/** mulberry32: the same numbers for the same seed on every machine. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One of them. */
export function pick<T>(random: Random, ...items: readonly [T, ...T[]]): T {
  return items[Math.floor(random() * items.length)] ?? items[0];
}

export const isSlot = (tree: unknown): tree is Slot => typeof tree === 'object' && tree !== null && 'slot' in tree;
export const isInner = (tree: unknown): tree is Inner => typeof tree === 'object' && tree !== null && 'inner' in tree;

/** Prints trees as YAML; what it draws does not depend on the values, so that the same seed gives the same text but for them. */
export class Printer {
  comments = 0;
  aliases = 0;
  private anchors = new Map<string, string>();
  private readonly random: Random;
  private readonly valueOf: (slot: Slot) => string;
  private readonly isNew: boolean;

  constructor(random: Random, valueOf: (slot: Slot) => string, isNew: boolean) {
    this.random = random;
    this.valueOf = valueOf;
    this.isNew = isNew;
  }

  env(tree: Tree): string {
    return Object.entries(tree ?? {})
      .map(([key, value]) => {
        const quote = pick(this.random, '', '', '"');
        return `${this.comment('')}${key}=${quote}${isSlot(value) ? this.valueOf(value) : String(value)}${quote}\n`;
      })
      .join('');
  }

  document(tree: Tree): string {
    this.anchors = new Map();
    return this.block(tree, 0);
  }

  private comment(indent: string): string {
    if (this.random() > 0.12) return '';
    this.comments++;
    return `${indent}# c${this.comments}: "it's" {a: *b}\n${this.random() < 0.3 ? '\n' : ''}`;
  }

  private tail(): string {
    if (this.random() > 0.12) return '';
    this.comments++;
    return ` # c${this.comments} &x`;
  }

  private block(tree: Tree, depth: number): string {
    const indent = ' '.repeat(depth);
    if (Array.isArray(tree)) {
      return tree
        .map((each: Tree) => {
          const head = this.comment(indent);
          if (!isBranch(each) || this.isFlow(each)) return `${head}${indent}- ${this.inline(each, depth)}`;
          const body = this.block(each, depth + 2);
          // The first line goes behind the dash, where no comment is before it.
          return /^ *#|^\n/.test(body) ? `${head}${indent}-\n${body}` : `${head}${indent}- ${body.slice(depth + 2)}`;
        })
        .join('');
    }
    return Object.entries(tree as Readonly<Record<string, Tree>>)
      .map(([key, value]) => {
        const head = `${this.comment(indent)}${indent}${key}:`;
        if (isInner(value)) {
          const text = new Printer(this.random, this.valueOf, this.isNew);
          const body = text.document(value.inner);
          this.comments += text.comments;
          this.aliases += text.aliases;
          const inset = ' '.repeat(depth + pick(this.random, 2, 4));
          return `${head} |\n${body.replace(/^(?=.)/gm, inset)}`;
        }
        if (!isBranch(value) || this.isFlow(value))
          return `${head} ${this.inline(value, depth)}`.replace(/: \n$/, ':\n');
        const sameIndent = Array.isArray(value) && this.random() < 0.5;
        return `${head}${this.tail()}\n${this.block(value, sameIndent ? depth : depth + pick(this.random, 2, 2, 4))}`;
      })
      .join('');
  }

  /** A scalar or a branch in braces, with the end of its line. */
  private inline(tree: Tree, depth: number): string {
    if (isBranch(tree)) return `${this.flow(tree)}${this.tail()}\n`;
    const block = isSlot(tree) && this.random() < 0.08;
    const style = pick(this.random, '>-', '|-');
    if (block && isSlot(tree) && tree.before !== null)
      return `${style}\n${' '.repeat(depth + 3)}${this.valueOf(tree)}\n`;
    return `${this.scalar(tree)}${this.tail()}\n`;
  }

  private isFlow(tree: Tree): boolean {
    const draw = this.random();
    return (Array.isArray(tree) && tree.length === 0) || (draw < 0.15 && !hasInner(tree));
  }

  private flow(tree: Tree): string {
    const space = pick(this.random, '', ' ');
    if (Array.isArray(tree)) return `[${space}${tree.map((each: Tree) => this.flow(each)).join(', ')}${space}]`;
    if (isBranch(tree)) {
      const pairs = Object.entries(tree as Readonly<Record<string, Tree>>).map(
        ([key, value]) => `${key}: ${this.flow(value)}`,
      );
      return `{${space}${pairs.join(', ')}${space}}`;
    }
    return this.scalar(tree);
  }

  private scalar(tree: Tree): string {
    const [style, draw] = [this.random(), this.random()];
    if (isSlot(tree) && tree.before === null && !this.isNew) return '';
    if (!isSlot(tree) && typeof tree !== 'string') return JSON.stringify(tree);
    const value = isSlot(tree) ? this.valueOf(tree) : tree;
    const known = this.anchors.get(value);
    if (known !== undefined && draw < 0.4) {
      this.aliases++;
      return `*${known} `;
    }
    let anchor = '';
    if (draw > 0.85 && known === undefined) {
      anchor = `&a${this.anchors.size} `;
      this.anchors.set(value, `a${this.anchors.size}`);
    }
    const plainly =
      /^[a-zA-Z][\w./@:-]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value) && !value.includes(': ');
    if (style < 0.5 && plainly) return anchor + value;
    return anchor + (style < 0.75 ? `"${value}"` : `'${value}'`);
  }
}

function isBranch(tree: Tree): boolean {
  return typeof tree === 'object' && tree !== null && !isSlot(tree) && !isInner(tree);
}

function hasInner(tree: unknown): boolean {
  if (isInner(tree)) return true;
  return typeof tree === 'object' && tree !== null && Object.values(tree).some(hasInner);
}
