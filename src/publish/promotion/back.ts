import { message } from '../../errors';
import { together } from '../together';
import type { Look } from './board';
import { withdraw } from './candidates';
import { candidature, type Course } from './course';
import { change, isChange } from './put';
import { LookAgain } from './stop';
import { backward, forward } from './verdict';

const mostLooks = 8;

/** How taking back went. */
export interface TakenBack {
  /** What the registry holds now; undefined: it could not be asked. */
  readonly look: Look | undefined;
  /** What could not be put right, for people. */
  readonly notes: readonly string[];
}

/**
 * Withdraws the announcement, then undoes what was moved: the set's `latest` first, then the images'. Goes on as far as it can and never throws
 * for what the registry does.
 */
export async function goBack(course: Course): Promise<TakenBack> {
  const { board, ports, announced } = course;
  const notes: string[] = [];
  if (announced === undefined) return { look: await lastLook(course, notes), notes };
  try {
    await withdraw(ports.steadfast, board.set.repository, announced.tag);
  } catch (cause) {
    const where = `${board.set.repository}:${announced.tag}`;
    notes.push(
      `${where} could not be withdrawn; an older run that still moves latest may finish this one. ${message(cause)}`,
    );
  }
  const stuck = new Set<string>();
  try {
    for (let looks = 1; looks <= mostLooks; looks++) {
      const look = await board.look(ports.steadfast, { over: candidature(course, false) });
      if (!(await undo(course, look, stuck, notes))) return { look, notes };
    }
    notes.push('latest did not come to rest while it was taken back.');
  } catch (cause) {
    notes.push(`Not everything could be taken back. ${message(cause)}`);
  }
  return { look: await lastLook(course, notes), notes };
}

/** False: nothing was to be undone. The set's `latest` goes first: it never names a set whose images are not latest because of us. */
async function undo(course: Course, look: Look, stuck: Set<string>, notes: string[]): Promise<boolean> {
  const { board, ports, written } = course;
  let found = false;
  for (const pointers of [[look.set], look.images]) {
    await together(pointers, async (pointer) => {
      // What we wrote may have come after another run's write: then that one's goal is what we have to see to.
      const judge = written.has(pointer.repository) ? forward : backward;
      const verdict = await judge(pointer, look.value(pointer), look);
      if (!isChange(verdict) || stuck.has(pointer.repository)) return;
      found = true;
      written.add(pointer.repository);
      try {
        await change(ports.steadfast, pointer, verdict, look.value(pointer), async () => {
          const next = await board.look(ports.steadfast, { over: candidature(course, false) });
          return judge(pointer, next.value(pointer), next);
        });
      } catch (cause) {
        if (cause instanceof LookAgain) return;
        // One that can't be put right does not keep the others from it.
        stuck.add(pointer.repository);
        const what = verdict.kind === 'delete' ? 'could not be deleted' : 'could not be put back';
        notes.push(`${pointer.repository}:latest ${what}. ${message(cause)}`);
      }
    });
  }
  return found;
}

async function lastLook(course: Course, notes: string[]): Promise<Look | undefined> {
  try {
    const own = course.announced === undefined ? {} : { over: candidature(course, false) };
    return await course.board.look(course.ports.steadfast, own);
  } catch (cause) {
    notes.push(`The registry could not be asked what latest names now. ${message(cause)}`);
    return undefined;
  }
}
