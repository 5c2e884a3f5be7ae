import type { PrunePlan } from '../../publish/prune/decide';
import { seedRepository } from '../../publish/cacheSeed';
import { setRepository } from '../../publish/tags';
import { shortCommit, size } from '../../report/format';

/** A plan as lines for people: each set with what becomes of it, and what that frees. */
export function planLines(plan: PrunePlan, registryPath: string): readonly string[] {
  const seeds = plan.deletions.filter(({ repository }) => repository === seedRepository(registryPath));
  if (plan.sets.length === 0 && seeds.length === 0) return [`There is no release set in ${registryPath}.`];
  const rows = plan.sets.map(({ commit, created, goes, reason }) => {
    const date = created === undefined ? 'no date   ' : new Date(created).toISOString().slice(0, 10);
    return `${goes ? '✖ goes ' : '✔ stays'}  ${shortCommit(commit)}  ${date}  ${reason}`;
  });
  const going = plan.sets.filter(({ goes }) => goes).length;
  const perRepository = new Map<string, { count: number; bytes: number }>();
  for (const { repository, bytes } of plan.deletions) {
    const known = perRepository.get(repository) ?? { count: 0, bytes: 0 };
    perRepository.set(repository, { count: known.count + 1, bytes: known.bytes + bytes });
  }
  const tags = plan.untaggings.map(({ repository, tag }) => `${repository}:${tag}`);
  const images =
    plan.deletions.filter(({ repository }) => repository !== setRepository(registryPath)).length - seeds.length;
  const caches =
    seeds.length === 0 ? '' : ` and ${seeds.length} cache${seeds.length === 1 ? '' : 's'} too old to be used`;
  const total = plan.deletions.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...rows,
    '',
    ...[...perRepository].map(([repository, { count, bytes }]) => `${repository}: ${count} to delete, ${size(bytes)}`),
    `${going} of ${plan.sets.length} sets go, with ${images} images${caches}: ${size(total)}.`,
    ...(plan.unpublished === 0
      ? []
      : [
          `${plan.unpublished} builds that no set names stay until prune has known them for 31 days: a run may be about to publish them.`,
        ]),
    ...(tags.length === 0 ? [] : [`Tags that go from what stays: ${tags.join(', ')}`]),
  ];
}
