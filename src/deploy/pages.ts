import * as v from 'valibot';
import { DeployError } from '../errors';
import { isForbidden, refusal, type Answer, type Kubectl } from './kubectl';
import { readObject } from './objects';
import { bounds } from '../system/bounds';

/** A list of the cluster's API: its path, what it holds for people, and what narrows it down. */
export interface Listed {
  readonly path: string;
  readonly people: string;
  readonly labelSelector?: string;
}

/** `absent`: the cluster has no such kind. */
export type Listing<Item> =
  | { readonly kind: 'all'; readonly items: readonly Item[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'forbidden' };

/** Objects of the first page: etcd takes up to 1.5 MiB of each, so these fit in one answer. */
const fewest = 10;
const most = 500;

/**
 * Reads a list page by page, and keeps of each object what `keep` makes of it: a cluster may have more of them than one answer may hold.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export async function listPages<Item>(
  kubectl: Kubectl,
  listed: Listed,
  keep: (object: unknown) => Item,
  signal?: AbortSignal,
): Promise<Listing<Item>> {
  const items: Item[] = [];
  let [size, token, expired, seen] = [fewest, '', 0, 0];
  for (;;) {
    const answer = await readPage(kubectl, listed, size, token, signal);
    if (answer === 'too-large') {
      size = fewest;
      continue;
    }
    if (isExpired(answer) && expired < 3) {
      // The list of that moment is no longer kept. From the beginning, as it is now.
      [token, expired, items.length] = ['', expired + 1, 0];
      continue;
    }
    if (isForbidden(answer)) return { kind: 'forbidden' };
    if (/could not find the requested resource|doesn't have a resource type/.test(answer.stderr))
      return { kind: 'absent' };
    if (answer.exitCode !== 0) throw refusal(`list ${listed.people}`, answer);
    const page = readObject(pageSchema, answer.stdout, listed.people);
    items.push(...page.items.map((each) => keep(each)));
    // A page of few counts as one of ten: a list may have no end.
    seen += Math.max(fewest, page.items.length);
    if (seen > bounds.cluster.objects)
      throw new DeployError(
        `The cluster has more than ${bounds.cluster.objects} ${listed.people}, which are too many to be read.`,
      );
    token = page.metadata.continue;
    if (token === '') return { kind: 'all', items };
    const bytes = answer.stdout.length / Math.max(1, page.items.length);
    size = Math.max(fewest, Math.min(most, size * 4, Math.floor(bounds.cluster.answer / 4 / bytes)));
  }
}

async function readPage(
  kubectl: Kubectl,
  { path, labelSelector }: Listed,
  size: number,
  token: string,
  signal: AbortSignal | undefined,
): Promise<Answer | 'too-large'> {
  const query = new URLSearchParams({
    ...(labelSelector === undefined ? {} : { labelSelector }),
    limit: String(size),
    ...(token === '' ? {} : { continue: token }),
  });
  try {
    return await kubectl({
      args: ['get', '--raw', `${path}?${query.toString()}`],
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (thrown) {
    signal?.throwIfAborted();
    if (size === fewest) throw thrown;
    return 'too-large';
  }
}

const isExpired = ({ exitCode, stderr }: Answer): boolean => exitCode !== 0 && /\(Expired\)|\(Gone\)/.test(stderr);

const pageSchema = v.object({
  metadata: v.optional(v.object({ continue: v.optional(v.string(), '') }), {}),
  items: v.array(v.unknown()),
});
