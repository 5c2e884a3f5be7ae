import type { Command, Log } from '../../types';
import { interrupted } from './commit';
import { shown } from './destination';
import type { Facts } from './facts';
import { fetchCommand, forwardCommand, syncSources, syncWith, takeBackSync } from './sync';
import type { Terminal } from './terminal';
import { position, type Position } from './undo';

/** Brings the branch up to date with every source; gives what was done, in words. A failure takes back what had been done. */
export async function sync(facts: Facts, before: Position, terminal: Terminal, log: Log): Promise<readonly string[]> {
  const done: string[] = [];
  try {
    for (const source of await syncSources(facts, terminal)) {
      if (terminal.signal.aborted) throw interrupted(terminal, 'Nothing was committed.');
      const words = await syncWith(facts, source, terminal);
      log.info(words ?? `${facts.branch} contains ${shown(source)} already.`);
      if (words !== undefined) done.push(words);
    }
    return done;
  } catch (thrown) {
    if (done.length > 0) await unsync(facts, await position(facts), before, log);
    throw thrown;
  }
}

/** Takes a sync back, and says what came of it. */
export async function unsync(facts: Facts, now: Position, before: Position, log: Log): Promise<void> {
  const undone = await takeBackSync(facts, now, before);
  log.info(
    undone.kind === 'kept'
      ? `What --sync brought in was kept, because ${undone.why}; it was at ${before.commit.slice(0, 12)} before.`
      : `What --sync brought in was taken back: ${facts.branch} is at ${before.commit.slice(0, 12)} again.`,
  );
}

/** The commands of a sync. A dry run fetches nothing, so whether a merge commit is needed is not known: this is the way without one. */
export async function plannedSync(facts: Facts, terminal: Terminal): Promise<readonly Command[]> {
  const sources = await syncSources(facts, terminal);
  return sources.flatMap((source) => [
    fetchCommand(facts, source, terminal.interactive),
    forwardCommand(facts, source.commit, terminal.interactive),
  ]);
}
