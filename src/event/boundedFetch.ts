import { SourceError } from '../errors';
import { bounds, inWords } from '../system/bounds';
import { jsonExcess } from '../system/json';

type Fetch = (url: string, options?: RequestInit) => Promise<Response>;

/** GitHub, or whoever answers in its place, gave more than `bounds.github.answer` or `bounds.json`. Asking again gives the same. */
export class TooMuchAnswer extends SourceError {}

/** `fetch` for octokit, which by itself reads answers of any length into memory. Throws TooMuchAnswer. */
export function boundedFetch(fetch: Fetch): Fetch {
  return async (url, options) => {
    const response = await fetch(url, options);
    const chunks: Uint8Array[] = [];
    let length = 0;
    // Leaving the loop early cancels the stream and with it the connection.
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > bounds.github.answer) {
        throw new TooMuchAnswer(`${new URL(url).host} answers with more than ${inWords(bounds.github.answer)}`);
      }
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const excess = jsonExcess(body);
    if (excess !== undefined) throw new TooMuchAnswer(`the answer of ${new URL(url).host} ${excess}`);
    const { status, statusText, headers } = response;
    const read = new Response(body.length === 0 ? null : body, { status, statusText, headers });
    return Object.defineProperty(read, 'url', { value: response.url });
  };
}
