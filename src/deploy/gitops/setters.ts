import type { Assignment } from './assignment';
import { nodeAt, spanOf } from './nodes';

/** What is to be written: without fields (and what belongs to them) that Flux' image automation writes, unless a rule of the user names them. */
export function withoutSetters(assignments: readonly Assignment[]): {
  readonly kept: readonly Assignment[];
  /** What was left alone. */
  readonly groups: readonly string[];
} {
  const groups = [
    ...new Set(assignments.flatMap((each) => (each.by !== 'rule' && hasMarker(each) ? [each.group] : []))),
  ];
  return { kept: assignments.filter((each) => each.by === 'rule' || !groups.includes(each.group)), groups };
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
