import { shown } from './destination';
import { listed, type Facts } from './facts';

/** What is about to happen, in one sentence. */
export function intention(facts: Facts): string {
  const { staged, branch, destination } = facts;
  const what = staged.length === 0 ? 'an empty commit' : `${count(staged.length, 'staged file')} (${listed(staged)})`;
  return `Commits ${what} to ${branch} and pushes to ${shown(destination)}${destination.setUpstream ? ', which becomes its upstream' : ''}.`;
}

/** `1 file`, `2 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
