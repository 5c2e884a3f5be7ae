import type { PrunePlan } from '../../publish/prune/decide';
import { shortCommit, size } from '../../report/format';

/** A plan as lines for people: each set with what becomes of it, and what that frees. */
export function planLines(plan: PrunePlan, registryPath: string): readonly string[] {
  if (plan.sets.length === 0) return [`There is no release set in ${registryPath}.`];
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
  const total = plan.deletions.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...rows,
    '',
    ...[...perRepository].map(([repository, { count, bytes }]) => `${repository}: ${count} to delete, ${size(bytes)}`),
    `${going} of ${plan.sets.length} sets go, with ${plan.deletions.length - going} images: ${size(total)}.`,
  ];
}
