import { bounds } from '../system/bounds';
import { field, parseJson } from '../system/json';
import { isTag } from './names';
import { isGood, type Caller } from './caller';
import type { Answer } from './wire';
import { errorCodes, failed, Transient } from './failure';
import { pull } from './scopes';
import { asSpoken } from './target';

/**
 * All tags, page by page: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 * Empty when the repository is not there. A list that turns in circles, has no end (`bounds.registry`), breaks off or leads elsewhere is an
 * error: half a list would let something be deleted that is in use.
 */
export async function listTags(caller: Caller): Promise<readonly string[]> {
  const tags = new Set<string>();
  const seen = new Set<string>();
  let bytes = 0;
  const { tags: mostTags, tagPages: mostPages } = bounds.registry;
  const first = new URL(`${caller.target.origin}/v2/${caller.target.name}/tags/list?n=1000`);
  let at: URL | undefined = first;
  while (at !== undefined) {
    if (seen.has(at.href)) throw failed(caller.task, `${at.host} gives pages without end`);
    seen.add(at.href);
    const answer = await page(caller, at, caller.limits.tagsBytes - bytes);
    if (answer.status === 400 && at === first) {
      // Its pages are smaller, and it says so instead of giving a smaller one.
      at = new URL(first.pathname, first);
      continue;
    }
    if (answer.status === 404 && bytes === 0) return [];
    if (!isGood(answer)) throw caller.refused(answer);
    bytes += answer.body.length;
    for (const tag of readTags(caller, answer)) tags.add(tag);
    at = nextPage(caller, answer);
    const more = at !== undefined && (seen.size >= mostPages ? `${mostPages} pages` : undefined);
    const excess = tags.size > mostTags ? `${mostTags} tags` : more;
    if (excess) throw failed(caller.task, `${answer.url.host} gives more than ${excess}, a list without end`);
  }
  return [...tags];
}

/** One page, or its refusal by 400 or 404. */
function page(caller: Caller, at: URL, maxBytes: number): Promise<Answer> {
  return caller.retrying(async (attempt) => {
    const scopes = [pull(caller.target.name)];
    const answer = await caller.send({ method: 'GET', at, scopes, maxBytes });
    if (isGood(answer) || answer.status === 400) return answer;
    if (answer.status !== 404) throw caller.refused(answer);
    // As with manifests: a 404 without an OCI code is probably not the registry's.
    if (errorCodes(answer).length > 0 || attempt >= 3) return answer;
    throw new Transient(caller.refusal(answer), { attempts: 3 });
  });
}

/** `{"name": …, "tags": […]}`; `tags` is null or missing when there are none. */
function readTags(caller: Caller, answer: Answer): readonly string[] {
  const json = parseJson(answer.body);
  const tags = field(json, 'tags');
  if ((tags === undefined || tags === null) && typeof field(json, 'name') === 'string') return [];
  if (!Array.isArray(tags)) {
    throw failed(caller.task, `${answer.url.host} answered with something that is not a list of tags`);
  }
  return tags.filter((tag): tag is string => typeof tag === 'string' && isTag(tag));
}

/** The `Link` with `rel="next"` (RFC 8288), which has to stay with the registry. */
export function nextPage(caller: Caller, answer: Answer): URL | undefined {
  const link = (answer.headers.get('link') ?? '').slice(0, bounds.registry.header);
  const next = [...link.matchAll(/<([^<>]*)>([^<]*)/g)].find(([, , parameters = '']) =>
    /;\s*rel\s*=\s*(?:"next"|next(?=\s*(?:[;,]|$)))/i.test(parameters),
  )?.[1];
  if (next === undefined) return undefined;
  const { origin } = caller.target;
  const url = URL.canParse(next, answer.url.href) ? asSpoken(new URL(next, answer.url), origin) : undefined;
  if (url?.origin !== origin) throw failed(caller.task, `${answer.url.host} has its next page elsewhere`);
  return url;
}
