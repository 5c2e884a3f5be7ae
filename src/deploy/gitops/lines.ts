import { nodeAt, spanOf } from './nodes';
import type { Path, Source } from './source';

/** The line of its file that a place is on, from 1; that of what holds it where it is not there as the file has it. */
export function lineOf(place: { readonly source: Source; readonly path: Path }): number {
  let { source } = place;
  let at = offsetOf(source, place.path);
  while (source.within !== undefined) {
    const { position, path } = source.within;
    source = source.within.source;
    at = position === undefined ? offsetOf(source, path) : position(at);
  }
  return source.text.slice(0, at).split('\n').length;
}

function offsetOf({ format }: Source, path: Path): number {
  if (format.kind === 'env') return format.pairs.find(({ key }) => key === path[0])?.start ?? 0;
  if (format.kind === 'text') return 0;
  for (let length = path.length; length > 0; length--) {
    const span = spanOf(nodeAt(format.documents, path.slice(0, length))?.node ?? null);
    if (span !== undefined) return span[0];
  }
  return 0;
}
