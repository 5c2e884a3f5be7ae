import { resolve } from 'node:path';
import { isObjectId, resolveCommit } from '../../git/git';
import { defineCommand } from '../command';
import { duration } from '../sharedFlags';
import { watch, watchedRepository } from './watch';

export const watchCommand = defineCommand({
  name: 'watch',
  description: 'Follow the workflow run of a push to its end; the exit status is 0 only if it succeeded.',
  inputs: ['working-directory', 'github-token'],
  flags: {
    commit: { kind: 'text', value: '<rev>', description: 'the pushed commit (default: HEAD)' },
    workflow: {
      kind: 'text',
      value: '<file|name>',
      description: 'another workflow (default: build-backend-images.yaml, or what calls it)',
    },
    appear: {
      kind: 'text',
      value: '<duration>',
      description: 'how long the run may take to appear: 90s, 10m (default: 2m)',
    },
  },
  examples: ['watch', 'watch --commit 2.17.0 --appear 10m'],
  async run({ flags, input, isGiven, session }) {
    const folder = input('working-directory').trim();
    const cwd = resolve(session.cwd, folder === '' ? '.' : folder);
    const watched = await watchedRepository(cwd, session.env);
    const rev = flags.commit ?? 'HEAD';
    // A commit that somebody else has pushed need not be here.
    const commit = isObjectId(rev) ? rev : await resolveCommit(cwd, rev);
    const wanted = {
      workflow: flags.workflow,
      appearMs: duration('--appear', flags.appear, 2 * 60_000),
      token: isGiven('github-token') ? input('github-token').trim() : undefined,
    };
    const result = await watch(wanted, watched, commit, session);
    return { document: result, exitCode: result.kind === 'success' ? 0 : 1 };
  },
});
