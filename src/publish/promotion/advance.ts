import { PublishError } from '../../errors';
import { relationOf } from '../ancestry';
import { mapConcurrently } from '../../system/mapConcurrently';
import { candidateTag, longestMove } from '../tags';
import { withdraw } from './announcements';
import { decideForward, type Decision, type Pointer } from './decision';
import type { Snapshot } from './registryView';
import {
  change,
  isChange,
  isRefusal,
  LookAgain,
  ownCandidate,
  Refused,
  Stopped,
  type PromotionState,
} from './writeLatest';

/** An undisturbed promotion takes four looks: before announcing, before the images, before the set, and at the set once it is put. */
const mostLooks = 15;

/** Two that keep overtaking each other have to end somewhere. */
const mostAnnouncements = 4;

/**
 * Moves `latest` until a look finds everything right, which is given. Throws Refused, Stopped, PublishError, or what the registry threw;
 * then what was moved has to be taken back.
 */
export async function advanceLatest(state: PromotionState): Promise<Snapshot> {
  const { view, ports } = state;
  let isSetPut = false;
  let settled: Snapshot | undefined;
  let wasLeft = false;
  let announcements = 0;
  for (let looks = 1; looks <= mostLooks; looks++) {
    // Once the set is put only reading back is left, which a signal does not stop.
    if (!isSetPut) throwIfOver(state);
    const { announced } = state;
    const own = announced === undefined ? { pretend: ownCandidate(state, true) } : { tag: announced.tag };
    const look = await view.look(isSetPut ? ports.uncancellable : ports.registry, own, settled);
    settled = undefined;
    // Put but not shown: the registry lost it, or its list is not what it holds.
    if (look.own === undefined) {
      await announce(state, look);
      continue;
    }
    // The first look after announcing ourselves, before anything is moved.
    if (announced !== undefined && announcements < mostAnnouncements) {
      announcements = (await isOvertaken(state, look)) ? announcements + 1 : mostAnnouncements;
      if (announcements < mostAnnouncements) {
        await announceAgain(state, look);
        continue;
      }
    }
    await checkLeader(state, look);
    const [images, set] = [await decideEach(look.images, look), await decideEach([look.set], look)];
    const decisions = [...images, ...set].map(([, decision]) => decision);
    if (!decisions.some(isChange)) {
      if (announced !== undefined) return look;
      // Unannounced we may rely only on what is settled. Who leads may still give up, and has to know of us by then; and what is newer may
      // have been put by one who announced himself after we asked: then the next look finds him leading.
      const isSettled = look.leader === look.own && (wasLeft || !decisions.some(({ kind }) => kind === 'leave'));
      if (isSettled) return look;
      if (look.leader === look.own) {
        wasLeft = true;
        continue;
      }
    }
    if (announced === undefined) await announce(state, look);
    else if (!(await carryOut(state, images, look))) {
      isSetPut = await carryOut(state, set, look);
      settled = look;
    }
  }
  throw new PublishError(
    `latest did not come to rest after ${mostLooks} looks: other runs keep moving it, or the registry does not show what it took. Run again.`,
  );
}

function throwIfOver({ ports, announced }: PromotionState): void {
  if (ports.signal.aborted) throw new Stopped();
  if (announced !== undefined && ports.now() - announced.at > longestMove) {
    throw new PublishError(`Moving latest was given up after ${longestMove / 60_000} minutes. Run again.`);
  }
}

/** The set's `latest` belongs to a candidate that is not in our line: as if it had been there before us. */
async function checkLeader({ set, ports, view }: PromotionState, { leader, own }: Snapshot): Promise<void> {
  if (leader === undefined || leader === own) return;
  const relation = await relationOf(ports.isAncestor, leader.commit, set.lock.commit);
  if (relation === 'newer' || relation === 'same') return;
  throw new Refused(view.set.repository, { relation, commit: leader.commit });
}

type Decided = readonly (readonly [Pointer, Decision])[];

async function decideEach(pointers: readonly Pointer[], look: Snapshot): Promise<Decided> {
  const decided = await mapConcurrently(pointers, async (pointer) => {
    return [pointer, await decideForward(pointer, look.value(pointer), look)] as const;
  });
  for (const [{ repository }, decision] of decided)
    if (decision.kind === 'refuse') throw new Refused(repository, decision);
  return decided;
}

/** False: nothing was to be done. */
async function carryOut(state: PromotionState, decided: Decided, look: Snapshot): Promise<boolean> {
  const { view, ports, written } = state;
  let found = false;
  await mapConcurrently(decided, async ([pointer, decision]) => {
    if (!isChange(decision)) return;
    found = true;
    throwIfOver(state);
    written.add(pointer.repository);
    view.expect(pointer);
    if (decision.kind === 'advance' && decision.overrode !== undefined) state.overrode = decision.overrode;
    const decideAgain = async (): Promise<Decision> => {
      throwIfOver(state);
      const next = await view.look(ports.registry, { tag: state.announced?.tag });
      return decideForward(pointer, next.value(pointer), next);
    };
    const now = look.value(pointer);
    await change(ports.uncancellable, pointer, decision, now, decideAgain, ports.known).catch((error: unknown) => {
      if (isRefusal(error)) state.refused.add(pointer.repository);
      throw error;
    });
    state.moved.add(pointer.repository);
  }).catch((error: unknown) => {
    if (!(error instanceof LookAgain)) throw error;
  });
  return found;
}

/**
 * Puts our announcement, with a time later than that of everyone we have seen, so that their order does not depend on whose clock is right.
 * One that was put before is put again as it was.
 */
async function announce(state: PromotionState, look: Snapshot): Promise<void> {
  const { set, override, ports, view } = state;
  const others = look.candidates.filter(({ announcedAt }) => Number.isFinite(announcedAt));
  const at = Math.max(ports.now(), ...others.map(({ announcedAt }) => announcedAt + 1));
  state.announced ??= { tag: candidateTag(at, set.lock.commit, override), at };
  await ports.uncancellable.putManifest(view.set.repository, state.announced.tag, set.mediaType, set.bytes);
}

/**
 * Did a run of another branch announce itself with a later time than ours, though it had not seen us (else it would have been refused)? Then it
 * came first, whatever our clocks say: our put was under way for long.
 */
async function isOvertaken({ set, ports }: PromotionState, { candidates, own }: Snapshot): Promise<boolean> {
  const later = own === undefined ? [] : candidates.slice(candidates.indexOf(own) + 1);
  for (const { active, override, commit } of later) {
    if (!active || override) continue;
    const relation = await relationOf(ports.isAncestor, commit, set.lock.commit);
    if (relation === 'diverged' || relation === 'unknown') return true;
  }
  return false;
}

/** Announces us again, behind everyone. */
async function announceAgain(state: PromotionState, look: Snapshot): Promise<void> {
  const { announced, view, ports } = state;
  if (announced !== undefined) await withdraw(ports.uncancellable, view.set.repository, announced.tag);
  state.announced = undefined;
  await announce(state, look);
}
