import type { Outputs } from '../report/outputs';
import type { RunEnd } from '../run/run';

/** A run's results for the Action's outputs and `build --json`; undefined: there was no run. */
export function outputsOf(ended: RunEnd | undefined): Outputs {
  const outcomes = ended?.report.outcomes ?? [];
  const named = (kind: 'built' | 'reused'): readonly string[] =>
    outcomes.filter((outcome) => outcome.kind === kind).map(({ name }) => name);
  const locked = Object.entries(ended?.lock?.images ?? {});
  return {
    keywords: ended?.selection?.keywords ?? [],
    plan: ended?.report.plan,
    images: new Map(locked.map(([name, { repository, digest }]) => [name, `${repository}@${digest}`])),
    built: named('built'),
    reused: named('reused'),
    lockFile: ended?.lockFile,
    matrix: ended?.matrix ?? '',
    attestations: ended?.report.attested?.subjects ?? new Map(),
  };
}
