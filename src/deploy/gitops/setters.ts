import type { Assignment } from './assignment';
import { nodeAt, spanOf } from './nodes';

const automation =
  'Flux\' image automation writes it (# {"$imagepolicy": …}). Name it with --value to write it all the same.';
const filledIn =
  'its value is filled in from somewhere else (${…}, $(…) or {{…}}). Name the place that has it (--file and --value), or this one to write over it.';

/**
 * What is to be written: without fields (and what belongs to them) that Flux' image automation writes, and without places whose value another
 * place gives (`${driver}` of Flux, `$(DRIVER)` of kustomize, `{{ .Values.driver }}`), unless a rule of the user names them.
 */
export function withoutSetters(assignments: readonly Assignment[]): {
  readonly kept: readonly Assignment[];
  /** What was left alone, and why. */
  readonly left: ReadonlyMap<string, string>;
} {
  const shapes = assignments.filter(({ by }) => by === 'shape');
  const filled = new Set(shapes.filter(isFilledIn).map(({ group }) => group));
  const marked = new Set(assignments.filter((each) => each.by !== 'rule' && hasMarker(each)).map(({ group }) => group));
  const isKept = ({ by, group }: Assignment): boolean =>
    by === 'rule' || (!marked.has(group) && !(by === 'shape' && filled.has(group)));
  const kept = assignments.filter(isKept);
  return {
    kept,
    left: new Map([
      ...[...filled].map((each) => [each, filledIn] as const),
      ...[...marked].map((each) => [each, automation] as const),
    ]),
  };
}

/**
 * Does the line of a value carry a marker of Flux' image automation, which then writes that value itself?
 * https://fluxcd.io/flux/guides/image-update/#configure-image-update-for-custom-resources
 */
function hasMarker({ source, path }: Assignment): boolean {
  if (source.format.kind !== 'yaml') return false;
  const span = spanOf(nodeAt(source.format.documents, path)?.node ?? null);
  if (span === undefined) return false;
  const lineEnd = source.text.indexOf('\n', span[1]);
  return /#\s*\{\s*"\$imagepolicy"/.test(source.text.slice(span[1], lineEnd < 0 ? undefined : lineEnd));
}

/** Does a value only say where it comes from? As it stands in the text: `{{ .Values.x }}` without quotes is a map to YAML. */
function isFilledIn({ source, path, kind }: Assignment): boolean {
  if (kind === 'add' || kind === 'variables') return false;
  const { format, text } = source;
  if (format.kind === 'text') return false;
  const pair = format.kind === 'env' ? format.pairs.find(({ key }) => key === path[0]) : undefined;
  const span = format.kind === 'yaml' ? spanOf(nodeAt(format.documents, path)?.node ?? null) : undefined;
  const raw = pair?.value ?? (span === undefined ? '' : text.slice(span[0], span[1]));
  return /\$[\w{(]|\{\{/.test(raw);
}
