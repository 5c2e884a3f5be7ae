import { planTree } from '../report/planTree';
import { explain, type Flags } from './commandLine';
import { shellWords } from '../report/shellWords';
import { terminalSession } from './session';
import { trigger } from './trigger';

/**
 * `kfp-images trigger`: commit what is staged with keywords, push it; with `--watch` follow the run. Gives the exit status, with `--watch`
 * that of the run.
 */
export async function triggerCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  const json = flags['json'] === true;
  const dryRun = flags['dryRun'] === true;
  try {
    // Asked before anything is committed: a push that can't be watched is not what was wanted.
    const follow = flags['watch'] === true && !dryRun ? await import('./watch/watch') : undefined;
    const watched = await follow?.watchedRepository(session.cwd, session.env);
    const message = flags['commitMessage'];
    const result = await trigger(
      {
        cwd: session.cwd,
        images: String(flags['images']),
        commitMessage: typeof message === 'string' ? message : undefined,
        allowEmpty: flags['allowEmpty'] === true,
        sync: flags['sync'] === true,
        dryRun,
      },
      {
        log: session.log,
        signal: session.signal,
        interactive: process.stdin.isTTY && process.stderr.isTTY && !json,
        showPlan: (plan) => {
          for (const line of planTree(plan, session.paint)) session.printer.print(line);
        },
      },
    );
    const print = (document: object): void => {
      if (json) process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    };
    if (result.kind === 'pushed')
      session.log.info(
        `Pushed ${result.commit?.slice(0, 12) ?? ''} to ${result.remote}/${result.remoteBranch}: ${result.message}`,
      );
    else if (!json) for (const command of result.commands) session.printer.print(shellWords(command));
    if (follow === undefined || watched === undefined || result.commit === undefined) {
      print(result);
      return 0;
    }
    const run = await follow.watch({}, watched, result.commit, session);
    print({ ...result, watch: run });
    return run.kind === 'success' ? 0 : 1;
  } catch (thrown) {
    return explain(thrown);
  } finally {
    session.close();
  }
}
