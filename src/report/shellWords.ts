import { visible } from './escape';
import type { Command } from '../types';

/** A command as it could be typed into a POSIX shell; only for people to read or copy, nothing of ours is run through a shell. */
export function shellWords({ command, args, env = {} }: Pick<Command, 'command' | 'args' | 'env'>): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${word(value)}`);
  return [...settings, word(command), ...args.map(word)].join(' ');
}

function word(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${visible(text).replaceAll("'", String.raw`'\''`)}'`;
}
