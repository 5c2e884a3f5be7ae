import type { Restored } from './apply';
import { patchOf, type Change, type ChangeSet } from './changes';
import { isCustomResource, keyOf, titleOf } from './customResource';
import type { Rollout } from './rollout';
import type { RolloutStatus } from './rolloutStatus';
import type { EnvValue } from './snapshot';
import type { Status } from './status';
import { message } from '../errors';

/** The change of each image, old → new, for people. */
export function changeLines({ changes, unchanged }: ChangeSet): readonly string[] {
  return [
    ...changes.flatMap(linesOf),
    ...(unchanged.length === 0 ? [] : [`unchanged: ${unchanged.map(titleOf).join(', ')}`]),
  ];
}

/** Of what a change is about, for a question: `5 Deployments`, `DataSciencePipelinesApplication/sample`. */
export function changedWords(changes: readonly Change[]): string {
  const resources = changes.flatMap(({ live }) => (isCustomResource(live) ? [titleOf(keyOf(live))] : []));
  const count = changes.length - resources.length;
  return [...resources, ...(count > 0 || resources.length === 0 ? [`${count} Deployments`] : [])].join(' and ');
}

function linesOf({ live, before, after }: Change): readonly string[] {
  const rows = Object.entries(after.containers).flatMap(([container, { image, env }]) => {
    const had = before.containers[container];
    const variables = Object.entries(env).map(
      ([name, value]) => [name, valueText(had?.env[name] ?? null), valueText(value)] as const,
    );
    return [...(image === undefined ? [] : [[container, had?.image ?? '(none)', image] as const]), ...variables];
  });
  const fields = Object.entries(after.fields ?? {}).map(
    ([path, value]) => [path, fieldText(before.fields?.[path] ?? null), fieldText(value)] as const,
  );
  const secrets = Object.entries(after.pullSecrets)
    .filter(([name, isThere]) => before.pullSecrets[name] !== isThere)
    .map(([name, isThere]) => `  pull secret ${name} ${isThere ? 'added' : 'removed'}`);
  const differing = [...rows, ...fields].filter(([, old, wanted]) => old !== wanted);
  const only =
    differing.length === 0 && secrets.length === 0 ? ['  same images; only the note of the commit changes'] : [];
  return [
    titleOf(keyOf(live)),
    ...differing.flatMap(([name, old, wanted]) => [`  ${name}`, `    old ${old}`, `    new ${wanted}`]),
    ...secrets,
    ...only,
  ];
}

/** The patches, as a dry run prints them. */
export function patchDocuments({ changes }: ChangeSet): readonly object[] {
  return changes.map((change) => ({ ...namedObject(change), patch: patchOf(change) }));
}

/** How documents name what a change is about: a Deployment by its name, a custom resource as kubectl takes it. */
export function namedObject({ live }: Pick<Change, 'live'>): object {
  return isCustomResource(live) ? { resource: keyOf(live) } : { deployment: keyOf(live) };
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

/** What became of all that was to go back. */
export function restoredLines(restored: readonly Restored[]): readonly string[] {
  return restored.map((each) => {
    const name = titleOf(each.name);
    switch (each.kind) {
      case 'restored':
        return `${name}: put back`;
      case 'untouched':
        return `${name}: was not changed`;
      case 'changed-since':
        return `${name}: left alone, somebody else has changed it since`;
      case 'failed':
        return `${name}: NOT put back: ${message(each.error)}`;
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

function fieldText(value: string | null): string {
  return value === null || value === '' ? "(not set: the operator's own choice)" : value;
}

function valueText(value: EnvValue): string {
  if (value === null) return '(not set)';
  return 'value' in value ? value.value : '(from a reference)';
}
