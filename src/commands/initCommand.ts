import { explain, type Flags } from './commandLine';
import { init } from './init';
import { terminalSession } from './session';

/** `kfp-images init`: install workflow, Makefile and example catalog into a fork. Gives the exit status. */
export async function initCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  const from = flags['from'];
  try {
    const result = await init({
      cwd: session.cwd,
      force: flags['force'] === true,
      dryRun: flags['dryRun'] === true,
      ...(typeof from === 'string' ? { from } : {}),
    });
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    for (const { path, action } of result.files) session.log.info(`${action.padEnd(10)} ${path}`);
    for (const step of result.todo) session.log.info(`- ${step}`);
    if (result.dryRun) session.log.info('Nothing was written (--dry-run).');
    return 0;
  } catch (thrown) {
    return explain(thrown);
  } finally {
    session.close();
  }
}
