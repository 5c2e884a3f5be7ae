import type { Flags } from './commandLine';
import { text } from './deploy/settings';
import { runChecks } from './doctor/check';
import { clusterChecks } from './doctor/cluster';
import { githubChecks } from './doctor/github';
import { machineChecks } from './doctor/machine';
import { registryChecks } from './doctor/registry';
import { repositoryChecks } from './doctor/repository';
import { tableLines } from './doctor/table';
import { flagValues } from './flags';
import { maskSecrets } from '../report/log';
import { terminalSession } from './session';

/** `kfp-images doctor`: looks at everything a build, trigger or deploy needs. Gives the exit status: 1 when something needed is missing. */
export async function doctorCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  try {
    const value = flagValues(flags, session.env);
    const [token, credentialsJson] = [value('github-token'), value('credentials-json')];
    maskSecrets(session.log, [token, credentialsJson]);
    const registryPath = text(flags, 'registryPath') ?? '';
    const checks = [
      ...machineChecks(),
      ...repositoryChecks(flags, session.cwd),
      ...githubChecks(token, session.cwd, session.env),
      ...registryChecks({ registryPath, credentialsJson }, session),
      ...clusterChecks(flags, session.cwd),
    ];
    const found = (await runChecks(checks, session.signal)).map((check) => ({
      ...check,
      text: session.secrets.redact(check.text),
      mend: check.mend.map((each) => session.secrets.redact(each)),
    }));
    const isWell = found.every(({ needed, state }) => !needed || state === 'good');
    if (flags['json'] === true)
      process.stdout.write(`${JSON.stringify({ ok: isWell, checks: found }, undefined, 2)}\n`);
    else for (const line of tableLines(found, session.paint)) process.stdout.write(`${line}\n`);
    return isWell ? 0 : 1;
  } finally {
    session.close();
  }
}
