import { maskSecrets } from '../../report/log';
import { catalogPlace } from '../catalog';
import { defineCommand } from '../command';
import { builderOf, clusterFlags, registryInputs, registryOf } from '../sharedFlags';
import { runChecks } from './check';
import { clusterChecks } from './cluster';
import { githubChecks } from './github';
import { machineChecks } from './machine';
import { registryChecks } from './registry';
import { repositoryChecks } from './repository';
import { tableLines } from './table';

export const doctorCommand = defineCommand({
  name: 'doctor',
  description: 'Check everything that build, trigger and deploy need, and say how to fix what is missing.',
  inputs: [...registryInputs, 'github-token', 'catalog', 'working-directory', 'builder'],
  flags: clusterFlags,
  examples: ['doctor', 'doctor --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY --context my-cluster'],
  async run(call) {
    const { flags, input, session } = call;
    const [token, registry] = [input('github-token'), registryOf(input)];
    maskSecrets(session.log, [token, registry.credentialsJson]);
    const catalog = catalogPlace(call);
    const builder = builderOf(input('builder').trim());
    const checks = [
      ...machineChecks(builder),
      ...repositoryChecks(catalog),
      ...githubChecks(token, session.cwd, session.env),
      ...registryChecks(registry, session),
      ...clusterChecks(flags, catalog),
    ];
    const found = (await runChecks(checks, session.signal)).map((check) => ({
      ...check,
      text: session.secrets.redact(check.text),
      fix: check.fix.map((each) => session.secrets.redact(each)),
    }));
    const isWell = found.every(({ needed, state }) => !needed || state === 'good');
    return {
      // The fix is called `mend` there: scripts read it.
      document: { ok: isWell, checks: found.map(({ fix, ...check }) => ({ ...check, mend: fix })) },
      text: tableLines(found, session.paint)
        .map((line) => `${line}\n`)
        .join(''),
      exitCode: isWell ? 0 : 1,
    };
  },
});
