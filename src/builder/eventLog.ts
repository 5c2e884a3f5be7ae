import { closeSync, openSync, writeSync } from 'node:fs';
import type { BuildEvent } from '../types';

/** Written at once when it has grown to this. */
const BUFFER = 64 * 1024;
/** A line without an end is written when it has grown to this. */
const LONGEST_OPEN_LINE = 16 * 1024;

interface LoggedStep {
  readonly number: number;
  /** The part of its last line that has no line end yet. */
  open: string;
}

/**
 * The events of one image as a text file, like `--progress=plain`: each line with the number of its step. Written synchronously:
 * while the disk is slow nothing more is read from buildx, so memory stays small. The text is as the build printed it, so the file
 * is for this user only and whoever shows it has to clean it.
 */
export class EventLog {
  readonly #steps = new Map<string, LoggedStep>();
  #file: number | undefined;
  #buffer = '';
  #trouble: unknown;

  /** Creates or empties the file at `path`. Throws when that is not possible. */
  constructor(path: string) {
    this.#file = openSync(path, 'w', 0o600);
  }

  /** Why the file is not complete (the disk is full); undefined: it is. A build never stops for its log. */
  get trouble(): unknown {
    return this.#trouble;
  }

  write(event: BuildEvent): void {
    if (event.kind === 'warning') {
      const at = event.at === undefined ? '' : ` ${event.at.file}:${String(event.at.line)}`;
      this.#line(`WARNING:${at} ${event.text}`);
    } else if (event.kind === 'log') {
      this.#output(event.id, event.text);
    } else {
      this.#step(event);
    }
  }

  close(): void {
    for (const step of this.#steps.values()) this.#finishLine(step);
    this.#flush();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #step(event: BuildEvent & { readonly kind: 'step' }): void {
    const fresh = !this.#steps.has(event.id);
    const step = this.#numbered(event.id);
    if (fresh) this.#line(`#${String(step.number)} ${event.name}`);
    if (event.state === 'running') return;
    this.#finishLine(step);
    const took =
      event.startedAt === undefined || event.endedAt === undefined
        ? ''
        : ` ${((event.endedAt - event.startedAt) / 1000).toFixed(1)}s`;
    const end = { done: `DONE${took}`, cached: 'CACHED', failed: `ERROR: ${event.error ?? 'failed'}` }[event.state];
    this.#line(`#${String(step.number)} ${end}`);
  }

  #output(id: string, text: string): void {
    if (id === '') {
      this.#write(text);
      return;
    }
    const step = this.#numbered(id);
    const end = text.lastIndexOf('\n');
    if (end !== -1) {
      // All lines at once: a string for each would be most of what this process leaves to its garbage collector.
      const mark = `#${String(step.number)} `;
      this.#line(`${mark}${step.open}${text.slice(0, end).replaceAll('\n', `\n${mark}`)}`);
      step.open = '';
    }
    step.open += text.slice(end + 1);
    if (step.open.length > LONGEST_OPEN_LINE) this.#finishLine(step);
  }

  #numbered(id: string): LoggedStep {
    const known = this.#steps.get(id);
    if (known !== undefined) return known;
    const step: LoggedStep = { number: this.#steps.size + 1, open: '' };
    this.#steps.set(id, step);
    return step;
  }

  #finishLine(step: LoggedStep): void {
    if (step.open !== '') this.#line(`#${String(step.number)} ${step.open}`);
    step.open = '';
  }

  #line(text: string): void {
    this.#write(`${text}\n`);
  }

  #write(text: string): void {
    this.#buffer += text;
    if (this.#buffer.length >= BUFFER) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#buffer);
    this.#buffer = '';
    if (this.#file === undefined || this.#trouble !== undefined) return;
    try {
      for (let from = 0; from < bytes.length;) from += writeSync(this.#file, bytes, from);
    } catch (cause) {
      this.#trouble = cause;
    }
  }
}
