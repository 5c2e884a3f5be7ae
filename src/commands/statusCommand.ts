import { readDeployments, readPods } from '../deploy/cluster';
import { createKubectl } from '../deploy/kubectl';
import { contextOf, requireKfp } from '../deploy/prepare';
import { statusOf } from '../deploy/status';
import { statusLines } from '../deploy/words';
import { visible } from '../report/escape';
import type { Flags } from './commandLine';
import { catalogOf, place } from './deploy/settings';
import { terminalSession } from './session';

/** `kfp-images status`: what runs, from which commit, and what is not as it was deployed. Gives the exit status; throws explained errors. */
export async function statusCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  try {
    const where = place(flags);
    const kubectl = createKubectl(where);
    const catalog = await catalogOf(flags, session.cwd);
    const [context, deployments, pods] = await Promise.all([
      contextOf(kubectl, where),
      readDeployments(kubectl, session.signal),
      readPods(kubectl, session.signal),
    ]);
    requireKfp(catalog, deployments, where.namespace);
    const status = statusOf(catalog, deployments, pods);
    for (const warning of status.warnings) session.log.warning(warning);
    if (flags['json'] === true) {
      process.stdout.write(`${JSON.stringify({ context, namespace: where.namespace, ...status }, undefined, 2)}\n`);
      return 0;
    }
    session.printer.print(visible(`context ${context}, namespace ${where.namespace}`));
    for (const line of statusLines(status, new Date())) process.stdout.write(`${visible(line)}\n`);
    return 0;
  } finally {
    session.close();
  }
}
