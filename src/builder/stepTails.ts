import { TextDecoder } from 'node:util';
import type { VertexLog } from './solveStatus';

/** The last lines of a failing step are what people need to see. */
const TAIL_LINES = 40;
const LONGEST_LINE = 4_000;
/** Steps that can run at the same time; beyond it the oldest is forgotten. */
const MOST_STEPS = 256;

interface Tail {
  /** The last complete lines, the newest at the end. */
  readonly lines: string[];
  open: string;
  /** One for each stream: a character may be split between two chunks, and the other stream may come in between. */
  readonly decoders: Map<number, TextDecoder>;
}

/** The last lines of each step's output, decoded as it comes. */
export class StepTails {
  readonly #tails = new Map<string, Tail>();
  /** Output is decoded in one piece of memory that is used again. */
  #room = Buffer.allocUnsafe(0);

  /** Takes a chunk of output and gives its text; a character that is not complete yet comes with the next one. */
  add(log: VertexLog): string {
    const tail = this.#tail(log.vertex);
    const decoder = tail.decoders.get(log.stream) ?? new TextDecoder('utf-8');
    tail.decoders.set(log.stream, decoder);
    const text = decoder.decode(this.#bytes(log.data), { stream: true });
    keep(tail, text);
    return text;
  }

  #bytes(base64: Buffer): Uint8Array {
    if (this.#room.length < base64.length) this.#room = Buffer.allocUnsafe(base64.length);
    return this.#room.subarray(0, this.#room.write(base64.toString('latin1'), 'base64'));
  }

  /** The step has ended: gives what was left of a character; a step that did not fail is forgotten. */
  finish(step: string, failed: boolean): string {
    const tail = this.#tails.get(step);
    if (tail === undefined) return '';
    const text = [...tail.decoders.values()].map((decoder) => decoder.decode()).join('');
    keep(tail, text);
    tail.decoders.clear();
    if (!failed) this.#tails.delete(step);
    return text;
  }

  lines(step: string): readonly string[] {
    const tail = this.#tails.get(step);
    if (tail === undefined) return [];
    return [...tail.lines, ...(tail.open === '' ? [] : [tail.open])].slice(-TAIL_LINES);
  }

  #tail(step: string): Tail {
    const known = this.#tails.get(step);
    if (known !== undefined) return known;
    const oldest = this.#tails.size >= MOST_STEPS ? this.#tails.keys().next().value : undefined;
    if (oldest !== undefined) this.#tails.delete(oldest);
    const tail: Tail = { lines: [], open: '', decoders: new Map() };
    this.#tails.set(step, tail);
    return tail;
  }
}

function keep(tail: Tail, text: string): void {
  const [first = '', ...rest] = lastLines(tail, text).split('\n');
  tail.open = `${tail.open}${first}`.slice(0, LONGEST_LINE);
  for (const line of rest) {
    tail.lines.push(tail.open);
    tail.open = line.slice(0, LONGEST_LINE);
  }
  if (tail.lines.length > TAIL_LINES) tail.lines.splice(0, tail.lines.length - TAIL_LINES);
}

/** What has more lines than are kept leaves nothing of those before, and is not taken apart as a whole. */
function lastLines(tail: Tail, text: string): string {
  let at = text.length;
  for (let lines = 0; lines <= TAIL_LINES; lines += 1) {
    at = at <= 0 ? -1 : text.lastIndexOf('\n', at - 1);
    if (at === -1) return text;
  }
  tail.lines.length = 0;
  tail.open = '';
  return text.slice(at + 1);
}
