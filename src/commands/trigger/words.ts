import type { Command } from '../../types';
import { shown } from './destination';
import { listed, type Facts } from './facts';

/** A command as it would be typed in a POSIX shell. */
export function typed(command: Pick<Command, 'command' | 'args'>): string {
  return [command.command, ...command.args].map(word).join(' ');
}

function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

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
