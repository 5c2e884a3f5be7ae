import { StringDecoder } from 'node:string_decoder';

/** What a child has said so far. Where one chunk ends and the next begins is chance: a character may be cut in two. */
export class Said {
  #text = '';
  readonly #decoder = new StringDecoder('utf8');

  readonly add = (chunk: Buffer): void => {
    this.#text += this.#decoder.write(chunk);
  };

  get text(): string {
    return this.#text;
  }
}
