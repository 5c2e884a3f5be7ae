import { relationOf } from '../ancestry';
import type { Look } from './board';
import { candidateTag, withdraw } from './candidates';
import type { Course } from './course';

/**
 * Puts our announcement, with a time later than that of everyone we have seen, so that their order does not depend on whose clock is right.
 * One that was put before is put again as it was.
 */
export async function announce(course: Course, look: Look): Promise<void> {
  const { set, override, ports, board } = course;
  const others = look.candidates.filter(({ announcedAt }) => Number.isFinite(announcedAt));
  const at = Math.max(ports.now(), ...others.map(({ announcedAt }) => announcedAt + 1));
  course.announced ??= { tag: candidateTag(at, set.lock.commit, override), at };
  await ports.steadfast.putManifest(board.set.repository, course.announced.tag, set.mediaType, set.bytes);
}

/**
 * Did a run of another branch announce itself with a later time than ours, though it had not seen us (else it would have been refused)? Then it
 * came first, whatever our clocks say: our put was under way for long.
 */
export async function isOvertaken({ set, ports }: Course, { candidates, own }: Look): Promise<boolean> {
  const later = own === undefined ? [] : candidates.slice(candidates.indexOf(own) + 1);
  for (const { active, override, commit } of later) {
    if (!active || override) continue;
    const relation = await relationOf(ports.isAncestor, commit, set.lock.commit);
    if (relation === 'diverged' || relation === 'unknown') return true;
  }
  return false;
}

/** Announces us anew, behind everyone. */
export async function announceAgain(course: Course, look: Look): Promise<void> {
  const { announced, board, ports } = course;
  if (announced !== undefined) await withdraw(ports.steadfast, board.set.repository, announced.tag);
  course.announced = undefined;
  await announce(course, look);
}
