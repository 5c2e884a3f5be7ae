import { commonRows } from './commonRows';
import { isGoogle, type PushContext } from './context';
import { googleRows } from './googleRows';
import type { Hint } from './hint';
import { otherRow } from './otherRows';

/** The deciding words are at the start or the end, whatever a build wrote between. */
const longest = 32_768;

/**
 * What a failed push means, from the words of BuildKit, the registry or Google's API; undefined: nothing that is known.
 * A decision only. `text` may be of any size and content; nothing of it but checked names gets into a command.
 */
export function explainPushFailure(text: string, context: PushContext): Hint | undefined {
  const clipped = text.length > 2 * longest ? `${text.slice(0, longest)}\n${text.slice(-longest)}` : text;
  const looked = withoutEmptyAnswers(clipped);
  if (isGoogle(context)) {
    const row = googleRows.find(({ pattern }) => pattern.test(looked));
    if (row !== undefined) return { kind: row.kind, ...row.explain(context, looked) };
  } else {
    const row = otherRow(looked, context);
    if (row !== undefined) return { kind: row.kind, ...row.explain(context, looked) };
  }
  const row = commonRows.find(({ pattern }) => pattern.test(looked));
  return row === undefined ? undefined : { kind: row.kind, ...row.explain(context, looked) };
}

/**
 * The engine stumbles over refusals without a body, as every answer to HEAD is: "error parsing HTTP 403 response body: unexpected end of
 * JSON input". What counts is the status; the rest sounds like a damaged key.
 */
function withoutEmptyAnswers(text: string): string {
  return text.replace(/error parsing HTTP (\d{3}) response body: unexpected end of JSON input/g, (_, status: string) =>
    `unexpected status: ${status} ${statusWords.get(status) ?? ''}`.trimEnd(),
  );
}

const statusWords: ReadonlyMap<string, string> = new Map([
  ['400', 'Bad Request'],
  ['401', 'Unauthorized'],
  ['403', 'Forbidden'],
]);
