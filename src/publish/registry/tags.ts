import { isTag } from '../names';
import { isGood, type Caller } from './caller';
import type { Answer } from './exchange';
import { errorCodes, failed, Transient } from './failure';
import { pull } from './scopes';

const mostPages = 10_000;

/**
 * All tags, page by page: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 * Empty when the repository is not there. A list that turns in circles or leads elsewhere is an error: half a list
 * would let something be deleted that is in use.
 */
export async function listTags(caller: Caller): Promise<readonly string[]> {
  const tags = new Set<string>();
  const seen = new Set<string>();
  let at: URL | undefined = new URL(`${caller.target.origin}/v2/${caller.target.name}/tags/list?n=1000`);
  while (at !== undefined) {
    if (seen.has(at.href) || seen.size >= mostPages) throw failed(caller.task, `${at.host} gives pages without end`);
    seen.add(at.href);
    const answer = await page(caller, at);
    if (answer === undefined) return [];
    for (const tag of readTags(caller, answer)) tags.add(tag);
    at = nextPage(caller, answer);
  }
  return [...tags];
}

function page(caller: Caller, at: URL): Promise<Answer | undefined> {
  return caller.retrying(async (attempt) => {
    const scopes = [pull(caller.target.name)];
    const answer = await caller.send({ method: 'GET', at, scopes, maxBytes: caller.limits.tagsBytes });
    if (isGood(answer)) return answer;
    if (answer.status !== 404) throw caller.refused(answer);
    // As with manifests: a 404 without an OCI code is probably not the registry's.
    if (errorCodes(answer).length > 0 || attempt >= 3) return undefined;
    throw new Transient(caller.refusal(answer), { attempts: 3 });
  });
}

/** `{"name": …, "tags": […]}`; `tags` is null or missing when there are none. */
function readTags(caller: Caller, answer: Answer): readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(answer.body).toString('utf8'));
  } catch (cause) {
    throw failed(caller.task, `${answer.url.host} answered with something that is no list of tags`, { cause });
  }
  const tags: unknown = typeof json === 'object' && json !== null && 'tags' in json ? json.tags : undefined;
  if (!Array.isArray(tags)) return [];
  return tags.filter((tag): tag is string => typeof tag === 'string' && isTag(tag));
}

/** The `Link` with `rel="next"` (RFC 8288), which has to stay with the registry. */
function nextPage(caller: Caller, answer: Answer): URL | undefined {
  const link = (answer.headers.get('link') ?? '').slice(0, 16_384);
  const next = [...link.matchAll(/<([^<>]*)>([^<]*)/g)].find(([, , parameters = '']) =>
    /;\s*rel\s*=\s*(?:"next"|next(?=\s*(?:[;,]|$)))/i.test(parameters),
  )?.[1];
  if (next === undefined) return undefined;
  const url = URL.canParse(next, answer.url.href) ? new URL(next, answer.url) : undefined;
  if (url?.origin !== caller.target.origin) throw failed(caller.task, `${answer.url.host} has its next page elsewhere`);
  return url;
}
