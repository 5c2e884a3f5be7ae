import type { Restored } from './apply';
import { patchOf, type Change, type ChangeSet } from './changes';
import type { Rollout } from './rollout';
import type { RolloutStatus } from './rolloutStatus';
import type { EnvValue } from './snapshot';
import type { Status } from './status';
import { message } from '../errors';

/** The change of each image, old → new, for people. */
export function changeLines({ changes, unchanged }: ChangeSet): readonly string[] {
  return [...changes.flatMap(linesOf), ...(unchanged.length === 0 ? [] : [`unchanged: ${unchanged.join(', ')}`])];
}

function linesOf({ deployment, before, after }: Change): readonly string[] {
  const rows = Object.entries(after.containers).flatMap(([container, { image, env }]) => {
    const had = before.containers[container];
    const variables = Object.entries(env).map(
      ([name, value]) => [name, valueText(had?.env[name] ?? null), valueText(value)] as const,
    );
    return [...(image === undefined ? [] : [[container, had?.image ?? '(none)', image] as const]), ...variables];
  });
  const secrets = Object.entries(after.pullSecrets)
    .filter(([name, isThere]) => before.pullSecrets[name] !== isThere)
    .map(([name, isThere]) => `  pull secret ${name} ${isThere ? 'added' : 'removed'}`);
  const differing = rows.filter(([, old, wanted]) => old !== wanted);
  const only =
    differing.length === 0 && secrets.length === 0 ? ['  same images; only the note of the commit changes'] : [];
  return [
    deployment,
    ...differing.flatMap(([name, old, wanted]) => [`  ${name}`, `    old ${old}`, `    new ${wanted}`]),
    ...secrets,
    ...only,
  ];
}

/** The patches, as a dry run prints them. */
export function patchDocuments({
  changes,
}: ChangeSet): readonly { readonly deployment: string; readonly patch: object }[] {
  return changes.map((change) => ({ deployment: change.deployment, patch: patchOf(change) }));
}

/** One line for each Deployment that is being rolled out: ready pods, and what it waits for. */
export function rolloutLine(rollout: Rollout): string {
  const { deployment, status } = rollout;
  const count = `${status.ready}/${status.wanted} ready`;
  return status.kind === 'done' ? `${deployment}: ${count}` : `${deployment}: ${count}, ${waitsFor(rollout, status)}`;
}

/** Of an image that can't be pulled the registry's words: the names of image and pod before them would fill the line. */
function waitsFor({ details }: Rollout, { why, trouble }: Exclude<RolloutStatus, { readonly kind: 'done' }>): string {
  const said = trouble?.kind === 'image' ? registryWords(details.at(-1) ?? '') : '';
  return said === '' ? why : `${why.split(':')[0] ?? ''}: ${said}`;
}

/** What comes after the last naming of the image in an event `Failed to pull image "REFERENCE": …`. */
function registryWords(event: string): string {
  const reference = /^Failed to pull image "([^"]+)"/.exec(event)?.[1];
  if (reference === undefined) return '';
  return event.slice(event.lastIndexOf(reference) + reference.length).replace(/^[":\s]+/, '');
}

/** What became of the Deployments that were to go back. */
export function restoredLines(restored: readonly Restored[]): readonly string[] {
  return restored.map((each) => {
    switch (each.kind) {
      case 'restored':
        return `${each.deployment}: put back`;
      case 'untouched':
        return `${each.deployment}: was not changed`;
      case 'changed-since':
        return `${each.deployment}: left alone, somebody else has changed it since`;
      case 'failed':
        return `${each.deployment}: NOT put back: ${message(each.error)}`;
    }
  });
}

/** The table of `status`. */
export function statusLines({ rows }: Status, now: Date): readonly string[] {
  const table = rows.map((row) => [
    row.image,
    row.deployment,
    `${row.ready}/${row.wanted}`,
    row.commit?.slice(0, 12) ?? '-',
    row.since === undefined ? '-' : age(now.getTime() - Date.parse(row.since)),
    row.reference,
  ]);
  const all = [['IMAGE', 'DEPLOYMENT', 'READY', 'COMMIT', 'AGE', 'RUNS'], ...table];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const drift = [...new Set(rows.flatMap((row) => row.drift))];
  return [...lines, ...(drift.length === 0 ? [] : ['', ...drift.map((text) => `drift: ${text}`)])];
}

function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 120) return `${minutes}m`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1440)}d`;
}

function valueText(value: EnvValue): string {
  if (value === null) return '(not set)';
  return 'value' in value ? value.value : '(from a reference)';
}
