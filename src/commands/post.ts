import { basename } from 'node:path';
import { removeScratch, removeStale, scratchBase } from '../system/scratch';

/**
 * The Action's `post` entry: removes what `main` left behind when it was killed (credentials, clean tree, builds still running). Never
 * fails the job: everything has been published or not by now.
 */
export function runPost(env: NodeJS.ProcessEnv = process.env): void {
  // The runner hands saved state on as STATE_*: https://docs.github.com/actions/reference/workflow-commands-for-github-actions#sending-values-to-the-pre-and-post-actions
  const folder = env['STATE_scratch'] ?? '';
  const isOurs = /^kfp-images-[A-Za-z0-9]{6}$/.test(basename(folder));
  if (isOurs && !removeScratch(folder)) {
    process.stdout.write(
      `::warning::${folder} could not be removed; it holds a registry login. Remove it on this runner.\n`,
    );
  }
  removeStale(scratchBase(env));
}
