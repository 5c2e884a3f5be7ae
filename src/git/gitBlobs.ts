import { SourceError } from '../errors';
import { bounds, inWords } from '../system/bounds';
import { converse, type Conversation } from '../system/exec';
import { gitCommand, repositoryProblem, startFailure, type ObjectEnv } from './gitCommand';

/** Called with each object's content. The buffer is only valid during the call. */
export type OnBlob = (oid: string, content: Buffer) => void;

interface Round {
  left: number;
  readonly each: OnBlob;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Reads objects through one `git cat-file --batch` process, started at the first question and kept until `close`.
 * https://git-scm.com/docs/git-cat-file#_batch_output
 */
export class BlobReader {
  readonly #cwd: string;
  readonly #env: ObjectEnv;
  #child: Conversation | undefined;
  #rounds: Round[] = [];
  /** The object that has begun; of it so many bytes are there. */
  #begun: Buffer = Buffer.alloc(0);
  #kept = 0;
  /** Bytes needed before anything more can be read. */
  #needed = 1;
  #stderr = '';

  constructor(cwd: string, env: ObjectEnv = {}) {
    this.#cwd = cwd;
    this.#env = env;
  }

  /** Gives each object to `each`, in the order asked. SourceError when one is missing (a partial clone without network). */
  read(oids: readonly string[], each: OnBlob): Promise<void> {
    if (oids.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#rounds.push({ left: oids.length, each, resolve, reject });
      this.#start().say(`${oids.join('\n')}\n`);
    });
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    // How it ends tells nothing any more: every question was answered or rejected.
    await child?.close().catch(() => undefined);
  }

  #start(): Conversation {
    if (this.#child !== undefined) return this.#child;
    const child = converse(gitCommand(this.#cwd, ['cat-file', '--batch'], { env: this.#env }), {
      // Of one that was given up nothing is heard any more.
      onStdout: (chunk) => {
        if (this.#child === child) this.#take(chunk);
      },
      onStderr: (chunk) => {
        if (this.#stderr.length < 2000) this.#stderr += chunk.toString('utf8');
      },
    });
    this.#child = child;
    child.ended.then(
      () => {
        if (this.#child === child)
          this.#fail(
            repositoryProblem(this.#cwd, this.#stderr) ??
              new SourceError(`git stopped while it was read in ${this.#cwd}.\n  ${this.#stderr.trim()}`),
          );
      },
      (thrown: unknown) => this.#fail(startFailure(this.#cwd, thrown)),
    );
    return child;
  }

  #take(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#kept > 0) {
      // One copy of a large object, not one in pieces and one in whole.
      this.#grow(Math.max(this.#needed, this.#kept + chunk.length));
      chunk.copy(this.#begun, this.#kept);
      this.#kept += chunk.length;
      if (this.#kept < this.#needed) return;
      bytes = this.#begun.subarray(0, this.#kept);
    }
    try {
      for (;;) {
        const consumed = this.#object(bytes);
        if (consumed === 0) break;
        bytes = bytes.subarray(consumed);
      }
    } catch (thrown) {
      this.#giveUp(thrown);
      return;
    }
    this.#begun = bytes;
    this.#kept = bytes.length;
  }

  #grow(length: number): void {
    if (this.#begun.length >= length) return;
    const grown = Buffer.allocUnsafe(length);
    this.#begun.copy(grown, 0, 0, this.#kept);
    this.#begun = grown;
  }

  /** Reads one whole object from the start of `bytes`; gives its length, 0 while it is not all there. */
  #object(bytes: Buffer): number {
    const newline = bytes.indexOf(0x0a);
    if (newline < 0) {
      this.#needed = bytes.length + 1;
      return 0;
    }
    const [oid = '', type = '', size = ''] = bytes.toString('latin1', 0, newline).split(' ');
    const round = this.#rounds[0];
    if (round === undefined) return 0;
    if (type === 'missing' || size === '') {
      throw new SourceError(
        `The object ${oid} is not in the repository in ${this.#cwd}. ` +
          `A partial clone needs its remote: fetch the commit with all its files.`,
      );
    }
    if (Number(size) > bounds.tree.file) {
      throw new SourceError(
        `A file of the commit (object ${oid}) has ${size} bytes; ${inWords(bounds.tree.file)} are the most that are read, as on GitHub. Keep it elsewhere.`,
      );
    }
    const end = newline + 1 + Number(size);
    if (bytes.length < end + 1) {
      this.#needed = end + 1;
      return 0;
    }
    this.#needed = 1;
    round.each(oid, bytes.subarray(newline + 1, end));
    round.left -= 1;
    if (round.left === 0) {
      this.#rounds.shift();
      round.resolve();
    }
    return end + 1;
  }

  /** After an answer that can't be used: what git still has to say of it is not kept, however long it is. */
  #giveUp(reason: unknown): void {
    this.#fail(reason);
    void this.close();
    this.#begun = Buffer.alloc(0);
    this.#kept = 0;
    this.#needed = 1;
  }

  #fail(reason: unknown): void {
    const rounds = this.#rounds;
    this.#rounds = [];
    for (const round of rounds) round.reject(reason);
  }
}
