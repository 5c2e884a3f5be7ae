import * as v from 'valibot';
import { UsageError } from '../errors';
import { jsonExcess } from '../system/json';
import { quoted } from '../system/quoted';

/*
 * The parts of GitHub's webhook payloads that matter here; all else in them is passed over.
 * https://docs.github.com/webhooks/webhook-events-and-payloads
 */

const sha = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{40}$/i, 'is not a commit id of 40 hexadecimal digits'),
  v.transform((id) => id.toLowerCase()),
);

/** A commit as payloads carry it. */
const commit = v.object({ id: sha, message: v.string() });

/** Null where the repository was deleted since. */
const repository = v.nullish(v.object({ full_name: v.string() }));

export const anyPayload = v.object({
  repository: v.nullish(v.object({ default_branch: v.nullish(v.string()) })),
});

export const pushPayload = v.object({
  ref: v.string(),
  deleted: v.nullish(v.boolean()),
  head_commit: v.nullish(commit),
});

export const pullRequestPayload = v.object({
  action: v.nullish(v.string()),
  pull_request: v.object({
    number: v.pipe(v.number(), v.integer(), v.minValue(1)),
    merged: v.nullish(v.boolean()),
    head: v.object({ sha, repo: repository }),
  }),
});

export const workflowRunPayload = v.object({
  workflow_run: v.object({
    name: v.nullish(v.string()),
    head_sha: sha,
    head_branch: v.nullish(v.string()),
    head_commit: v.nullish(commit),
    head_repository: repository,
    conclusion: v.nullish(v.string()),
  }),
});

export const mergeGroupPayload = v.object({
  action: v.nullish(v.string()),
  merge_group: v.object({ head_commit: v.nullish(commit) }),
});

/** Parses the text of an event file. Throws UsageError when it is not one JSON object, or more than `bounds.json`. */
export function parsePayload(text: string, file: string): unknown {
  const excess = jsonExcess(text);
  if (excess !== undefined)
    throw new UsageError(
      `the event file ${quoted(file)} ${excess}; GITHUB_EVENT_PATH must name the file that GitHub wrote`,
    );
  let payload: unknown;
  try {
    payload = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new UsageError(
      `the event file ${quoted(file)} is not JSON; GITHUB_EVENT_PATH must name the file that GitHub wrote`,
      {
        cause,
      },
    );
  }
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return payload;
  throw new UsageError(
    `the event file ${quoted(file)} holds no JSON object; GITHUB_EVENT_PATH must name the file that GitHub wrote`,
  );
}

/** Takes what `schema` describes out of a payload. Throws UsageError that names the event and the field otherwise. */
export function take<Schema extends v.GenericSchema>(
  schema: Schema,
  payload: unknown,
  event: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, payload, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? 'it';
  const wrong =
    issue.kind === 'schema'
      ? `should be ${issue.expected ?? 'something else'} and is ${issue.received}`
      : issue.message;
  throw new UsageError(`the event file does not fit the event ${quoted(event)}: ${field} ${wrong}`);
}
