import { SourceError } from '../errors';
import { bounds } from '../system/bounds';
import { quoted } from '../system/quoted';
import { closing, goSpace } from './tokens';

/** What a variable (with or without `:-default`) holds here: text, `null` where it is surely not set, `undefined` where only the build itself knows. */
export type Lookup = (name: string, hasDefault?: boolean) => string | null | undefined;

/** Stands in an expanded word for text that only the build knows. No file has it in its name; a Dockerfile that does is merely less certain. */
export const unknownPart = '\uffff';

/** How a text is read. */
interface LexerOptions {
  readonly escape: string;
  readonly rawQuotes?: boolean;
  readonly rawEscapes?: boolean;
  /** Variables that are not set stay as they are written. */
  readonly keepUnset?: boolean;
  readonly shell?: boolean;
  /** Are the words wanted into which the text falls? */
  readonly words?: boolean;
}

const space = new RegExp(goSpace);
/** Defaults in defaults; nobody nests deeper. */
const deepest = 50;

/**
 * BuildKit's own word lexer, step by step, so that the same words come out:
 * https://github.com/moby/buildkit/blob/v0.25.2/frontend/dockerfile/shell/lex.go
 */
export class WordLexer {
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #options: LexerOptions;
  #at = 0;
  #failed = false;
  /** The word being collected. BuildKit empties it where a nested word begins, and so do we. */
  #buffer = '';

  constructor(text: string, lookup: Lookup, options: LexerOptions) {
    this.#text = text;
    this.#lookup = lookup;
    this.#options = options;
  }

  /** undefined: BuildKit refuses the text. */
  read(): { readonly text: string; readonly words: readonly string[] } | undefined {
    const found = this.#process(undefined, this.#options.rawEscapes === true, 0);
    return this.#failed ? undefined : found;
  }

  #process(
    stop: string | undefined,
    rawEscapes: boolean,
    depth: number,
  ): { readonly text: string; readonly words: readonly string[] } {
    const words: string[] = [];
    let text = '';
    let inWord = false;
    this.#buffer = '';
    const addRaw = (part: string): void => {
      if (this.#options.words !== true) return;
      this.#buffer += part;
      inWord = true;
    };
    const add = (part: string): void => {
      if (this.#options.words !== true) return;
      for (const character of part) {
        if (!space.test(character)) addRaw(character);
        else if (inWord && this.#buffer !== '') {
          words.push(this.#buffer);
          this.#buffer = '';
          inWord = false;
        }
      }
    };
    const finish = (): { readonly text: string; readonly words: readonly string[] } => {
      if (this.#buffer !== '') words.push(this.#buffer);
      this.#buffer = '';
      return { text, words };
    };
    if (depth > deepest) this.#failed = true;
    while (!this.#failed && this.#at < this.#text.length) {
      const character = this.#peek();
      if (character === stop) {
        this.#at += 1;
        return finish();
      }
      const special = this.#special(character, depth);
      if (special !== undefined) {
        text += special;
        this.#checkLength(text.length);
        if (character === '$') add(special);
        else addRaw(special);
        continue;
      }
      this.#at += 1;
      if (character !== this.#options.escape) {
        text += character;
        add(character);
        continue;
      }
      if (rawEscapes) {
        text += character;
        addRaw(character);
      }
      const escaped = this.#next();
      text += escaped;
      if (escaped !== '') addRaw(escaped);
    }
    if (stop !== undefined) this.#failed = true;
    return finish();
  }

  /** What a quote, a dollar sign or the mark of a here-document stands for; undefined: a plain character. */
  #special(character: string, depth: number): string | undefined {
    if (character === "'") return this.#singleQuoted();
    if (character === '"') return this.#doubleQuoted(depth);
    if (character === '$') return this.#dollar(depth);
    if (this.#options.shell === true) return character === '`' ? this.#skipTo('`') : undefined;
    if (character !== '<') return undefined;
    const mark = /<(?:<[\t\r ]*)?/y;
    mark.lastIndex = this.#at;
    const [found = '<'] = mark.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0 && this.#options.shell !== true) return this.#fail();
    const stop = end < 0 ? this.#text.length : end;
    const quoted = this.#text.slice(this.#at + 1, stop);
    this.#at = stop + 1;
    return this.#options.rawQuotes === true ? `'${quoted}'` : quoted;
  }

  #doubleQuoted(depth: number): string {
    const { escape, rawQuotes, rawEscapes, shell } = this.#options;
    const quote = rawQuotes === true ? '"' : '';
    let text = quote;
    this.#at += 1;
    while (!this.#failed) {
      const character = this.#peek();
      if (character === '') return shell === true ? text : this.#fail();
      if (character === '$') {
        text += this.#dollar(depth);
        this.#checkLength(text.length);
      } else if (character === '`' && shell === true) text += this.#skipTo('`');
      else {
        this.#at += 1;
        if (character === '"') return text + quote;
        if (character !== escape) text += character;
        else {
          if (rawEscapes === true) text += character;
          const next = this.#peek();
          // Only these lose their escape character within double quotes.
          if (next !== '' && (next === '"' || next === '$' || next === escape || (shell === true && next === '`')))
            text += this.#next();
          else if (next !== '') text += character;
        }
      }
    }
    return text;
  }

  #dollar(depth: number): string {
    const start = this.#at;
    this.#at += 1;
    const next = this.#peek();
    if (this.#options.shell === true && (next === '(' || next === "'" || next === '"')) {
      if (next === '(') this.#at = closing(this.#text, this.#at);
      else this.#special(next, depth);
      return unknownPart;
    }
    if (next !== '{') {
      const name = this.#name();
      return name === '' ? '$' : this.#value(name, `$${name}`);
    }
    this.#at += 1;
    if (['', '{', '}', ':'].includes(this.#peek())) return this.#fail();
    const name = this.#name();
    let operator = this.#next();
    if (operator === '}') return this.#value(name, `\${${name}}`);
    const colon = operator === ':';
    if (colon) operator = this.#next();
    if (operator === '' || !(colon ? '+-?' : '+-?#%/').includes(operator)) return this.#fail();
    if (operator === '/') {
      if (this.#peek() === '/') this.#at += 1;
      this.#process('/', true, depth + 1);
    }
    const { text: word } = this.#process('}', '#%/'.includes(operator), depth + 1);
    if (this.#failed) return '';
    const value = this.#lookup(name, operator === '-');
    if (value === null && this.#options.keepUnset === true) return this.#text.slice(start, this.#at);
    if (value === undefined || (this.#options.shell === true && /\W|^\d*$/.test(name))) return unknownPart;
    const unset = value === null || (colon && value === '');
    if (operator === '-') return unset ? word : value;
    if (operator === '+') return unset ? '' : word;
    if (operator === '?') return unset ? this.#fail() : value;
    // What a pattern cuts off or replaces is not worked out here.
    return (value ?? '') === '' ? '' : unknownPart;
  }

  #value(name: string, written: string): string {
    if (this.#options.shell === true && /^\W|^\d/.test(name)) return unknownPart;
    const value = this.#lookup(name);
    if (value === null) return this.#options.keepUnset === true ? written : '';
    return value ?? unknownPart;
  }

  #name(): string {
    const name = /\d+|[@*#?\-$!]|[\p{L}\p{Nd}_]*/uy;
    name.lastIndex = this.#at;
    const [found = ''] = name.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #skipTo(end: string): string {
    const at = this.#text.indexOf(end, this.#at + 1);
    this.#at = at < 0 ? this.#text.length : at + 1;
    return unknownPart;
  }

  /** Twenty lines that double a variable are gigabytes; what is written out is bounded by the file. */
  #checkLength(length: number): void {
    if (length <= Math.max(bounds.dockerfile.word, this.#text.length)) return;
    throw new SourceError(
      `${quoted(this.#text)} has more than ${String(bounds.dockerfile.word)} characters with its variables filled in. Do ARG or ENV double each other?`,
    );
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #next(): string {
    return this.#text.charAt(this.#at++);
  }

  #fail(): string {
    this.#failed = true;
    return '';
  }
}
