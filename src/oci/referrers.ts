import { bounds } from '../system/bounds';
import { field, parseJson } from '../system/json';
import type { Referrer } from '../types';
import { isGood, type Caller } from './caller';
import { failed } from './failure';
import { isDigest } from './names';
import { pull } from './scopes';
import { nextPage } from './tags';

const indexType = 'application/vnd.oci.image.index.v1+json';

/**
 * What is attached to a digest: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 * A registry that knows the question answers it with an index, an empty one if need be; any other answer means that it does not (undefined),
 * and the fallback tag counts. A list above `bounds.registry` is an error.
 */
export async function listReferrers(caller: Caller, digest: string): Promise<readonly Referrer[] | undefined> {
  const found: Referrer[] = [];
  const seen = new Set<string>();
  const { referrers: most, referrerBytes: mostBytes, referrerPages: mostPages } = bounds.registry;
  let bytes = 0;
  let at: URL | undefined = new URL(`${caller.target.origin}/v2/${caller.target.name}/referrers/${digest}`);
  while (at !== undefined) {
    if (seen.has(at.href) || seen.size >= mostPages) throw failed(caller.task, `${at.host} gives pages without end`);
    seen.add(at.href);
    const page = at;
    const answer = await caller.retrying(async () => {
      const sent = await caller.send({
        method: 'GET',
        at: page,
        scopes: [pull(caller.target.name)],
        headers: { accept: indexType },
        maxBytes: Math.min(caller.limits.manifestBytes, mostBytes - bytes),
      });
      if (isGood(sent) || [400, 404, 405, 406, 501].includes(sent.status)) return sent;
      throw caller.refused(sent);
    });
    const listed = isGood(answer) ? readReferrers(answer.body) : undefined;
    if (listed === undefined) {
      if (found.length > 0) throw failed(caller.task, `${page.host} gave a page that is not a list`);
      return undefined;
    }
    bytes += answer.body.length;
    for (const each of listed) found.push(each);
    if (found.length > most)
      throw failed(caller.task, `${page.host} gives more than ${most} entries, a list without end`);
    at = nextPage(caller, answer);
  }
  return found;
}

/** The entries of an index of referrers; undefined: it is not one. Never throws. */
export function readReferrers(bytes: Uint8Array): readonly Referrer[] | undefined {
  const json = parseJson(bytes);
  const manifests = field(json, 'manifests');
  if (field(json, 'mediaType') !== indexType && field(json, 'schemaVersion') !== 2) return undefined;
  // Go writes an empty list as null.
  if (manifests === null) return [];
  if (!Array.isArray(manifests)) return undefined;
  return manifests.flatMap((entry: unknown): readonly Referrer[] => {
    const [mediaType, digest, size] = [field(entry, 'mediaType'), field(entry, 'digest'), field(entry, 'size')];
    if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number') return [];
    if (!isDigest(digest)) return [];
    const artifactType = field(entry, 'artifactType');
    const annotations = Object.entries(field(entry, 'annotations') ?? {}).filter(
      (each): each is [string, string] => typeof each[1] === 'string',
    );
    return [
      {
        mediaType,
        digest,
        size,
        artifactType: typeof artifactType === 'string' ? artifactType : undefined,
        annotations: Object.fromEntries(annotations),
      },
    ];
  });
}
