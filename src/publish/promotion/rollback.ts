import { message } from '../../errors';
import { mapConcurrently } from '../../system/mapConcurrently';
import { withdraw } from './announcements';
import { decideForward, decideRollback } from './decision';
import type { Snapshot } from './registryView';
import { change, isChange, LookAgain, ownCandidate, type PromotionState } from './writeLatest';

const mostLooks = 8;

/** How taking back went. */
interface TakenBack {
  /** What the registry holds now; undefined: it could not be asked. */
  readonly look: Snapshot | undefined;
  /** What could not be put right, for people. */
  readonly notes: readonly string[];
}

/**
 * Withdraws the announcement, then undoes what was moved: the set's `latest` first, then the images'. Goes on as far as it can and never throws
 * for what the registry does.
 */
export async function rollBack(state: PromotionState): Promise<TakenBack> {
  const { view, ports, announced } = state;
  const notes: string[] = [];
  if (announced === undefined) return { look: await lastLook(state, notes), notes };
  try {
    await withdraw(ports.uncancellable, view.set.repository, announced.tag);
  } catch (cause) {
    const where = `${view.set.repository}:${announced.tag}`;
    notes.push(
      `${where} could not be withdrawn; an older run that still moves latest may finish this one. ${message(cause)}`,
    );
  }
  const stuck = new Set<string>();
  try {
    for (let looks = 1; looks <= mostLooks; looks++) {
      const look = await view.look(ports.uncancellable, { over: ownCandidate(state, false) });
      if (!(await undo(state, look, stuck, notes))) return { look, notes };
    }
    notes.push('latest did not come to rest while it was taken back.');
  } catch (cause) {
    notes.push(`Not everything could be taken back. ${message(cause)}`);
  }
  return { look: await lastLook(state, notes), notes };
}

/** False: nothing was to be undone. The set's `latest` goes first: it never names a set whose images are not latest because of us. */
async function undo(state: PromotionState, look: Snapshot, stuck: Set<string>, notes: string[]): Promise<boolean> {
  const { view, ports, written } = state;
  let found = false;
  for (const pointers of [[look.set], look.images]) {
    await mapConcurrently(pointers, async (pointer) => {
      // What we wrote may have come after another run's write: then that one's goal is what we have to see to.
      const decide = written.has(pointer.repository) ? decideForward : decideRollback;
      const decision = await decide(pointer, look.value(pointer), look);
      if (!isChange(decision) || stuck.has(pointer.repository)) return;
      found = true;
      written.add(pointer.repository);
      try {
        await change(ports.uncancellable, pointer, decision, look.value(pointer), async () => {
          const next = await view.look(ports.uncancellable, { over: ownCandidate(state, false) });
          return decide(pointer, next.value(pointer), next);
        });
      } catch (cause) {
        if (cause instanceof LookAgain) return;
        // One that can't be put right does not keep the others from it.
        stuck.add(pointer.repository);
        const what = decision.kind === 'delete' ? 'could not be deleted' : 'could not be put back';
        notes.push(`${pointer.repository}:latest ${what}. ${message(cause)}`);
      }
    });
  }
  return found;
}

async function lastLook(state: PromotionState, notes: string[]): Promise<Snapshot | undefined> {
  try {
    const own = state.announced === undefined ? {} : { over: ownCandidate(state, false) };
    return await state.view.look(state.ports.uncancellable, own);
  } catch (cause) {
    notes.push(`The registry could not be asked what latest names now. ${message(cause)}`);
    return undefined;
  }
}
