import type { LatestState } from '../../types';
import type { Look } from './board';
import type { Course } from './course';
import { digestAt, imagePointers, type Pointer } from './pointers';
import { originOf } from './verdict';

/** How one `latest` stands after a promotion. */
export interface PointerState extends LatestState {
  readonly pointer: Pointer;
}

/**
 * The state of every `latest` of our set, the set's own last, as the last look found it. `isDone`: the promotion went to its end, so what this
 * run put is moved, not left over.
 */
export function statesOf(course: Course, look: Look | undefined, isDone: boolean): readonly PointerState[] {
  const { set, written, board } = course;
  return [...imagePointers(set), board.set].map((pointer) => {
    const wasWritten = written.has(pointer.repository);
    if (look === undefined) return { pointer, kind: wasWritten ? 'unknown' : 'kept', digest: undefined };
    const digest = look.value(pointer)?.digest;
    return { pointer, kind: kindOf(course, pointer, look, wasWritten, isDone), digest };
  });
}

function kindOf(
  { set, board }: Course,
  pointer: Pointer,
  look: Look,
  wasWritten: boolean,
  isDone: boolean,
): LatestState['kind'] {
  const digest = look.value(pointer)?.digest;
  const isOurs = digest === digestAt(set, pointer);
  if (isDone) return isOurs ? (wasWritten ? 'moved' : 'unchanged') : 'left';
  const isLeftOver = isOurs && originOf(pointer, digest ?? '', look) === 'withdrawn';
  if (!wasWritten) return isLeftOver ? 'stuck' : isOurs ? 'unchanged' : 'kept';
  const earlier = [look.before(pointer), board.firstSeen(pointer)];
  if (earlier.some((manifest) => manifest !== undefined && manifest?.digest === digest)) return 'restored';
  return isLeftOver ? 'stuck' : 'left';
}
