import type { Inventory } from '../../../src/publish/prune/inventory';
import type { PruneRules } from '../../../src/publish/prune/rules';

/*
 * What prune has to delete, said a second time and as simply as possible: for every manifest by itself, every reason to keep it is looked
 * for by brute force. Shares no code with what it is compared with.
 */

/** `REPOSITORY@DIGEST` of everything that goes, sorted. */
export function bruteForce(inventory: Inventory, registryPath: string, rules: PruneRules): readonly string[] {
  const setsAt = `${registryPath}/kfp-images-set`;
  if (!inventory.has(setsAt)) return [];
  const sets = setsOf(inventory, setsAt);
  const isOver = (tag: string): boolean => {
    const time = /^candidate-([0-9]+)-[0-9a-f]{40}(?:-override)?$/.exec(tag)?.[1];
    return time !== undefined && Math.abs(rules.now - Number(time)) > 2 * 3_600_000;
  };
  const ofCommit = (commit: string) => sets.filter((set) => set.commit === commit);
  const dateOf = (commit: string): number => Math.max(...ofCommit(commit).map(({ created }) => created ?? Infinity));
  const goes = ({ commit }: Found): boolean => {
    const date = dateOf(commit);
    const newer = new Set(
      sets
        .map((set) => set.commit)
        .filter((other) => {
          return dateOf(other) > date || (dateOf(other) === date && other < commit);
        }),
    );
    return (
      ofCommit(commit).every(
        ({ tags, images }) =>
          tags.every((tag) => tag === `commit-${commit}` || /^keep-[0-9a-f]{64}$/.test(tag) || isOver(tag)) &&
          !images.some(({ digest }) => rules.inUse.digests.has(digest)),
      ) &&
      date !== Infinity &&
      newer.size >= rules.keepLast &&
      rules.now - date >= rules.keepDays * 86_400_000
    );
  };
  const gone: string[] = [];
  for (const [repository, { tags, manifests }] of inventory) {
    if (repository === setsAt) {
      gone.push(...sets.filter(goes).map(({ digest }) => `${setsAt}@${digest}`));
      for (const { digest, set } of manifests.values()) {
        const names = [...tags].filter(([, at]) => at === digest).map(([tag]) => tag);
        if (set === undefined && names.length > 0 && names.every(isOver)) gone.push(`${setsAt}@${digest}`);
      }
      continue;
    }
    const of = (set: Found) => set.images.filter((image) => image.repository === repository);
    const isOldKey = (tag: string, digest: string): boolean => {
      const since = rules.unnamed.get(`${repository}:${tag}@${digest}`);
      return (
        /^key-[0-9a-f]{40}$/.test(tag) &&
        !sets.some((set) => of(set).some(({ key }) => tag === `key-${key.slice(0, 40)}`)) &&
        since !== undefined &&
        rules.now - since > 31 * 86_400_000
      );
    };
    const isOurs = (tag: string, digest: string): boolean =>
      isOldKey(tag, digest) ||
      sets.some(
        (set) => goes(set) && tag === `commit-${set.commit}` && of(set).some((image) => image.digest === digest),
      ) ||
      (tag === `keep-${digest.slice(7)}` &&
        sets.some((set) => goes(set) && of(set).some((image) => image.digest === digest)) &&
        !sets.some((set) => !goes(set) && of(set).some((image) => image.digest === digest))) ||
      (sets.some((set) => goes(set) && of(set).some(({ key }) => tag === `key-${key.slice(0, 40)}`)) &&
        !sets.some((set) => !goes(set) && of(set).some(({ key }) => tag === `key-${key.slice(0, 40)}`)));
    const attachments = (digest: string): readonly string[] => [
      ...[...manifests.values()].filter(({ subject }) => subject === digest).map((each) => each.digest),
      ...['', '.sig'].flatMap((end) => tags.get(`${digest.replace(':', '-')}${end}`) ?? []),
    ];
    const stays = (digest: string, seen: readonly string[] = []): boolean => {
      if (seen.includes(digest)) return false;
      const next = [...seen, digest];
      const named = [...tags].filter(([, at]) => at === digest).map(([tag]) => tag);
      if (rules.inUse.digests.has(digest)) return true;
      if (!wanted(digest)) return true;
      if (sets.some((set) => !goes(set) && of(set).some((image) => image.digest === digest))) return true;
      for (const tag of named) {
        const subject = /^sha256-([0-9a-f]{64})(?:\.sig)?$/.exec(tag)?.[1];
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
      const isOld = [...tags].some(([tag, at]) => at === digest && isOldKey(tag, digest));
      return isNamed || isOld || parents.some((other) => wanted(other.digest, [...seen, digest]));
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
