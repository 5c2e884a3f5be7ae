import { resolve } from 'node:path';
import { isObjectId, resolveCommit } from '../system/git';
import type { Flags } from './commandLine';
import { text } from './deploy/settings';
import { terminalSession } from './session';
import { watch, watchedRepository } from './watch/watch';

/**
 * `kfp-images watch [--commit REV]`: follows the run that a push started, to its end. Gives the exit status: 0 when it ended well, else 1;
 * throws explained errors.
 */
export async function watchCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  try {
    const cwd = resolve(session.cwd, text(flags, 'workingDirectory') ?? '.');
    const watched = await watchedRepository(cwd, session.env);
    const rev = text(flags, 'commit') ?? 'HEAD';
    // A commit that somebody else has pushed need not be here.
    const commit = isObjectId(rev) ? rev : await resolveCommit(cwd, rev);
    const result = await watch(flags, watched, commit, session);
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    return result.kind === 'success' ? 0 : 1;
  } finally {
    session.close();
  }
}
