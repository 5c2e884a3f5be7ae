import { planTree } from '../report/planTree';
import { explain, type Flags } from './commandLine';
import { shellWords } from '../report/shellWords';
import { terminalSession } from './session';
import { trigger } from './trigger';

/** `kfp-images trigger`: commit what is staged with keywords, push it. Gives the exit status. */
export async function triggerCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  const json = flags['json'] === true;
  try {
    const message = flags['commitMessage'];
    const result = await trigger(
      {
        cwd: session.cwd,
        images: String(flags['images']),
        commitMessage: typeof message === 'string' ? message : undefined,
        allowEmpty: flags['allowEmpty'] === true,
        sync: flags['sync'] === true,
        dryRun: flags['dryRun'] === true,
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
    if (json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    else if (result.kind === 'dry-run')
      for (const command of result.commands) session.printer.print(shellWords(command));
    else
      session.log.info(
        `Pushed ${result.commit?.slice(0, 12) ?? ''} to ${result.remote}/${result.remoteBranch}: ${result.message}`,
      );
    return 0;
  } catch (thrown) {
    return explain(thrown);
  } finally {
    session.close();
  }
}
