import { EnvironmentError } from '../errors';
import type { Command } from '../types';
import { inWords } from './bounds';

/** What a finished child left: its whole output, so only for commands that say little. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A child said more than may be; it was ended. */
export class TooMuchOutput extends EnvironmentError {}

/** What a child says, as far as the bound; above it nothing is kept, and the child is ended. */
export class KeptOutput {
  readonly #command: Command;
  readonly #most: number;
  readonly #end: () => void;
  #stdout: Buffer[] = [];
  #stderr: Buffer[] = [];
  #size = 0;

  constructor(command: Command, most: number, end: () => void) {
    this.#command = command;
    this.#most = most;
    this.#end = end;
  }

  readonly onStdout = (chunk: Buffer): void => {
    if (this.#fits(chunk)) this.#stdout.push(chunk);
  };
  readonly onStderr = (chunk: Buffer): void => {
    if (this.#fits(chunk)) this.#stderr.push(chunk);
  };

  #fits({ length }: Buffer): boolean {
    const wasEnough = this.#size > this.#most;
    this.#size += length;
    if (this.#size <= this.#most) return true;
    [this.#stdout, this.#stderr] = [[], []];
    if (!wasEnough) this.#end();
    return false;
  }

  /** Throws TooMuchOutput. */
  finished(exitCode: number): Finished {
    return { exitCode, stdout: this.bytes().toString('utf8'), stderr: this.words() };
  }

  words(): string {
    return Buffer.concat(this.#stderr).toString('utf8');
  }

  /** Throws TooMuchOutput. */
  bytes(): Buffer {
    if (this.#size > this.#most) {
      const call = [this.#command.command, ...this.#command.args.slice(0, 3)].join(' ').slice(0, 200);
      throw new TooMuchOutput(`"${call}" said more than ${inWords(this.#most)}, which is too much to be read.`);
    }
    return Buffer.concat(this.#stdout);
  }
}
