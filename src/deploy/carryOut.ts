import { message } from '../errors';
import { applyChange, restore, type Applied, type Restored } from './apply';
import type { Awaited } from './awaited';
import type { Change } from './changes';
import { readDeployments, readWorkload } from './cluster';
import { isCustomResource, keyOf, titleOf } from './customResource';
import { readAgain } from './installation';
import type { Kubectl } from './kubectl';
import { waitForRollouts, type Patience, type Rollout } from './rollout';
import type { Snapshot } from './snapshot';
import { verifyPods } from './verify';

/** Changes to make, and what is to run afterwards. */
export interface Work {
  readonly changes: readonly Change[];
  /** Deployment → containers, of all that are to be as the set says, also of those that need no change. */
  readonly expected: ReadonlyMap<string, Snapshot['containers']>;
  /** Of those what operators make from custom resources. */
  readonly awaited?: ReadonlyMap<string, Awaited>;
}

/** How it ended. `restored` says of each changed Deployment how putting it back went. */
export type Outcome =
  | { readonly kind: 'done'; readonly rollouts: readonly Rollout[]; readonly notes: readonly string[] }
  | {
      readonly kind: 'failed';
      readonly why: string;
      readonly rollouts: readonly Rollout[];
      readonly restored: readonly Restored[];
    }
  | { readonly kind: 'interrupted'; readonly rollouts: readonly Rollout[]; readonly restored: readonly Restored[] };

/**
 * Makes the changes one after the other, waits for every rollout, and reads the pods. When one fails, the time is up or the signal comes,
 * every Deployment that was changed goes back before this settles. Does not throw once the first change is under way.
 */
export async function carryOut(kubectl: Kubectl, work: Work, patience: Patience): Promise<Outcome> {
  const begun: Change[] = [];
  const said: string[] = [];
  const made: Applied[] = [];
  let rollouts: readonly Rollout[] = [];
  const failed = async (why: string): Promise<Outcome> => {
    const restored = await restore(kubectl, begun, lastOf(made, begun));
    return { kind: 'failed', why, rollouts, restored };
  };
  try {
    for (const change of work.changes) {
      if (patience.signal.aborted) break;
      // Noted first: a patch whose answer is lost may have been made.
      begun.push(change);
      const applied = await applyChange(kubectl, change);
      said.push(...applied.notes);
      made.push(applied);
    }
    const waited = await waitForRollouts(kubectl, work.expected, patience, work.awaited);
    rollouts = waited.rollouts;
    if (waited.kind === 'interrupted')
      return { kind: 'interrupted', rollouts, restored: await restore(kubectl, begun, lastOf(made, begun)) };
    if (waited.kind !== 'done') {
      const said = waited.kind === 'timeout' ? await operatorWords(kubectl, waited.unmade) : [];
      return await failed([reason(waited.kind, rollouts, patience.timeoutMs), ...said].join('\n'));
    }
    const { wrong, notes } = await verify(kubectl, work.expected);
    return wrong.length > 0 ? await failed(wrong.join('\n')) : { kind: 'done', rollouts, notes: [...said, ...notes] };
  } catch (thrown) {
    return failed(message(thrown));
  }
}

/** What became of the command before, as far as the changes that were made have shown. */
function lastOf(made: readonly Applied[], begun: readonly Change[]): 'stands' | 'taken-back' | 'became-ready' {
  if (made.some(({ isTakenBack }) => isTakenBack)) return 'taken-back';
  return made.length === begun.length && made.every(({ wasReady }) => wasReady) ? 'became-ready' : 'stands';
}

async function verify(kubectl: Kubectl, expected: Work['expected']): Promise<ReturnType<typeof verifyPods>> {
  const [deployments, workload] = await Promise.all([readDeployments(kubectl), readWorkload(kubectl)]);
  const each = deployments.flatMap((live) => {
    const containers = expected.get(live.metadata.name);
    return containers === undefined ? [] : [verifyPods(live, workload, containers)];
  });
  return { wrong: each.flatMap(({ wrong }) => wrong), notes: each.flatMap(({ notes }) => notes) };
}

/** What custom resources say of themselves whose operators did not make what they name. Never throws. */
async function operatorWords(kubectl: Kubectl, unmade: readonly Awaited[]): Promise<readonly string[]> {
  const writers = new Map(unmade.map(({ writer }) => [keyOf(writer), writer]));
  const each = [...writers].map(async ([key, writer]): Promise<readonly string[]> => {
    const live = await readAgain(kubectl, writer).catch(() => writer);
    const wrong = (isCustomResource(live) ? live : writer).conditions.filter(({ status }) => status === 'False');
    const words = wrong.map(
      ({ type, reason: why, message: text }) => `    ${type}: ${[why, text].filter((part) => part !== '').join(': ')}`,
    );
    return words.length === 0
      ? [`${titleOf(key)} says nothing of it: does its operator run?`]
      : [`${titleOf(key)} says of itself:`, ...words];
  });
  return (await Promise.all(each)).flat();
}

function reason(kind: 'failed' | 'timeout', rollouts: readonly Rollout[], timeoutMs: number): string {
  const open = rollouts.filter(({ status }) => (kind === 'failed' ? status.kind === 'failed' : status.kind !== 'done'));
  const head = kind === 'failed' ? [] : [`Not ready after ${Math.round(timeoutMs / 1000)} seconds.`];
  return [...head, ...open.flatMap(rolloutWords)].join('\n');
}

/** A Deployment that is not ready, for people: why, and what is behind it. */
function rolloutWords({ deployment, status, details }: Rollout): readonly string[] {
  if (status.kind === 'done') return [];
  const pod = status.trouble?.pod ?? '';
  const where = pod === '' ? deployment : `${deployment} (pod ${pod})`;
  return [`${where}: ${status.why}`, ...details.map((line) => `    ${line}`)];
}
