import type { Inventory } from '../../../src/publish/prune/inventory';
import type { PruneRules } from '../../../src/publish/prune/judgeSets';

/*
 * What prune has to delete, said a second time and as simply as possible: for every manifest by itself, every reason to keep it is looked
 * for by brute force. Shares no code with what it is compared with.
 */

/** `REPOSITORY@DIGEST` of everything that goes, sorted. */
export function bruteForce(inventory: Inventory, registryPath: string, rules: PruneRules): readonly string[] {
  const setsAt = `${registryPath}/kfp-images-set`;
  const sets = setsOf(inventory, setsAt);
  const goes = (set: Found): boolean => {
    const newer = sets.filter(
      (other) =>
        (other.created ?? Infinity) > (set.created ?? Infinity) ||
        ((other.created ?? Infinity) === (set.created ?? Infinity) && other.commit < set.commit),
    );
    return (
      set.tags.join() === `commit-${set.commit}` &&
      set.created !== undefined &&
      newer.length >= rules.keepLast &&
      rules.now - set.created >= rules.keepDays * 86_400_000 &&
      !set.images.some(({ digest }) => rules.inUse.digests.has(digest))
    );
  };
  const gone: string[] = [];
  for (const [repository, { tags, manifests }] of inventory) {
    if (repository === setsAt) {
      gone.push(...sets.filter(goes).map(({ digest }) => `${setsAt}@${digest}`));
      continue;
    }
    const of = (set: Found) => set.images.filter((image) => image.repository === repository);
    const isOurs = (tag: string, digest: string): boolean =>
      sets.some(
        (set) => goes(set) && tag === `commit-${set.commit}` && of(set).some((image) => image.digest === digest),
      ) ||
      (sets.some((set) => goes(set) && of(set).some(({ key }) => tag === `key-${key.slice(0, 40)}`)) &&
        !sets.some((set) => !goes(set) && of(set).some(({ key }) => tag === `key-${key.slice(0, 40)}`)));
    const attachments = (digest: string): readonly string[] => [
      ...[...manifests.values()].filter(({ subject }) => subject === digest).map((each) => each.digest),
      ...(tags.has(digest.replace(':', '-')) ? [tags.get(digest.replace(':', '-')) ?? ''] : []),
    ];
    const stays = (digest: string, seen: readonly string[] = []): boolean => {
      if (seen.includes(digest)) return false;
      const next = [...seen, digest];
      const named = [...tags].filter(([, at]) => at === digest).map(([tag]) => tag);
      if (rules.inUse.digests.has(digest)) return true;
      if (!wanted(digest)) return true;
      if (sets.some((set) => !goes(set) && of(set).some((image) => image.digest === digest))) return true;
      for (const tag of named) {
        const subject = /^sha256-([0-9a-f]{64})$/.exec(tag)?.[1];
        if (subject === undefined ? !isOurs(tag, digest) : !manifests.has(`sha256:${subject}`)) return true;
      }
      // Whoever leads here and stays keeps it.
      const leads = [...manifests.values()].filter(
        (other) =>
          other.children.includes(digest) || other.subject === digest || attachments(other.digest).includes(digest),
      );
      return leads.some((other) => stays(other.digest, next));
    };
    const wanted = (digest: string, seen: readonly string[] = []): boolean => {
      if (seen.includes(digest)) return false;
      const isNamed = sets.some(
        (set) =>
          goes(set) &&
          of(set).some(
            (image) =>
              image.digest === digest ||
              (tags.get(`key-${image.key.slice(0, 40)}`) === digest && isOurs(`key-${image.key.slice(0, 40)}`, digest)),
          ),
      );
      const parents = [...manifests.values()].filter(
        (other) => other.children.includes(digest) || attachments(other.digest).includes(digest),
      );
      return isNamed || parents.some((other) => wanted(other.digest, [...seen, digest]));
    };
    for (const digest of manifests.keys()) if (wanted(digest) && !stays(digest)) gone.push(`${repository}@${digest}`);
  }
  return gone.sort();
}

interface Found {
  readonly digest: string;
  readonly commit: string;
  readonly created: number | undefined;
  readonly tags: readonly string[];
  readonly images: readonly { readonly repository: string; readonly digest: string; readonly key: string }[];
}

function setsOf(inventory: Inventory, setsAt: string): readonly Found[] {
  const { tags, manifests } = inventory.get(setsAt) ?? {
    tags: new Map<string, string>(),
    manifests: new Map<string, never>(),
  };
  return [...manifests.values()].flatMap((manifest) => {
    const names = [...tags].filter(([, at]) => at === manifest.digest).map(([tag]) => tag);
    return manifest.set === undefined || names.length === 0
      ? []
      : [{ digest: manifest.digest, ...manifest.set, tags: names }];
  });
}
