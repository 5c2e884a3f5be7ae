import { PublishError } from '../../errors';
import { relationOf } from '../ancestry';
import { together } from '../together';
import { announce, announceAgain, isOvertaken } from './announce';
import type { Look } from './board';
import { longestMove } from './candidates';
import { candidature, type Course } from './course';
import type { Pointer } from './pointers';
import { change, isChange } from './put';
import { LookAgain, Refused, Stopped } from './stop';
import { forward, type Verdict } from './verdict';

/** An undisturbed promotion takes four looks: before announcing, before the images, before the set, at the end. */
const mostLooks = 15;

/** Two that keep overtaking each other have to end somewhere. */
const mostAnnouncements = 4;

/**
 * Moves `latest` until a look finds everything right, which is given. Throws Refused, Stopped, PublishError, or what the registry threw;
 * then what was moved has to be taken back.
 */
export async function goAhead(course: Course): Promise<Look> {
  const { board, ports } = course;
  let isSetPut = false;
  let wasLeft = false;
  let announcements = 0;
  for (let looks = 1; looks <= mostLooks; looks++) {
    // Once the set is put only reading back is left, which a signal does not stop.
    if (!isSetPut) goOn(course);
    const { announced } = course;
    const own = announced === undefined ? { pretend: candidature(course, true) } : { tag: announced.tag };
    const look = await board.look(isSetPut ? ports.steadfast : ports.registry, own);
    // Put but not shown: the registry lost it, or its list is not what it holds.
    if (look.own === undefined) {
      await announce(course, look);
      continue;
    }
    // The first look after announcing ourselves, before anything is moved.
    if (announced !== undefined && announcements < mostAnnouncements) {
      announcements = (await isOvertaken(course, look)) ? announcements + 1 : mostAnnouncements;
      if (announcements < mostAnnouncements) {
        await announceAgain(course, look);
        continue;
      }
    }
    await checkLeader(course, look);
    const [images, set] = [await judge(look.images, look), await judge([look.set], look)];
    const verdicts = [...images, ...set].map(([, verdict]) => verdict);
    if (!verdicts.some(isChange)) {
      if (announced !== undefined) return look;
      // Unannounced we may rely only on what is settled. Who leads may still give up, and has to know of us by then; and what stands newer may
      // have been put by one who announced himself after we asked: then the next look finds him leading.
      const isSettled = look.leader === look.own && (wasLeft || !verdicts.some(({ kind }) => kind === 'leave'));
      if (isSettled) return look;
      if (look.leader === look.own) {
        wasLeft = true;
        continue;
      }
    }
    if (announced === undefined) await announce(course, look);
    else if (!(await carryOut(course, images, look))) isSetPut = await carryOut(course, set, look);
  }
  throw new PublishError(
    `latest did not come to rest after ${mostLooks} looks: other runs keep moving it, or the registry does not show what it took. Run again.`,
  );
}

function goOn({ ports, announced }: Course): void {
  if (ports.signal.aborted) throw new Stopped();
  if (announced !== undefined && ports.now() - announced.at > longestMove) {
    throw new PublishError(`Moving latest was given up after ${longestMove / 60_000} minutes. Run again.`);
  }
}

/** The set's `latest` belongs to a candidate that is not in our line: as if it had been there before us. */
async function checkLeader({ set, ports, board }: Course, { leader, own }: Look): Promise<void> {
  if (leader === undefined || leader === own) return;
  const relation = await relationOf(ports.isAncestor, leader.commit, set.lock.commit);
  if (relation === 'newer' || relation === 'same') return;
  throw new Refused(board.set.repository, { relation, commit: leader.commit });
}

type Judged = readonly (readonly [Pointer, Verdict])[];

async function judge(pointers: readonly Pointer[], look: Look): Promise<Judged> {
  const judged = await together(pointers, async (pointer) => {
    return [pointer, await forward(pointer, look.value(pointer), look)] as const;
  });
  for (const [{ repository }, verdict] of judged) if (verdict.kind === 'refuse') throw new Refused(repository, verdict);
  return judged;
}

/** False: nothing was to be done. */
async function carryOut(course: Course, judged: Judged, look: Look): Promise<boolean> {
  const { board, ports, written } = course;
  let found = false;
  await together(judged, async ([pointer, verdict]) => {
    if (!isChange(verdict)) return;
    found = true;
    goOn(course);
    written.add(pointer.repository);
    if (verdict.kind === 'advance' && verdict.overrode !== undefined) course.overrode = verdict.overrode;
    await change(ports.steadfast, pointer, verdict, look.value(pointer), async () => {
      goOn(course);
      const next = await board.look(ports.registry, { tag: course.announced?.tag });
      return forward(pointer, next.value(pointer), next);
    });
  }).catch((error: unknown) => {
    if (!(error instanceof LookAgain)) throw error;
  });
  return found;
}
