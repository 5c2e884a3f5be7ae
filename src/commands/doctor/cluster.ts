import { readDeployments } from '../../deploy/cluster';
import { createKubectl } from '../../deploy/kubectl';
import { contextOf, requireKfp } from '../../deploy/prepare';
import type { Flags } from '../commandLine';
import { catalogOf, place, text } from '../deploy/settings';
import { bad, good, unknown, type Check, type Finding } from './check';

/** The cluster; needed where one is named. */
export function clusterChecks(flags: Flags, cwd: string): readonly Check[] {
  const isNamed = text(flags, 'context') !== undefined || text(flags, 'namespace') !== undefined;
  const look = async (signal: AbortSignal): Promise<Finding> => {
    try {
      return await cluster(flags, cwd, signal);
    } catch (thrown) {
      // Whoever only builds needs no cluster.
      if (isNamed || !(thrown instanceof Error)) throw thrown;
      return unknown(thrown.message.split('\n')[0] ?? '', 'Only deploy needs it; --context and --namespace name one');
    }
  };
  return [{ name: 'Cluster', needed: isNamed, look }];
}

async function cluster(flags: Flags, cwd: string, signal: AbortSignal): Promise<Finding> {
  const where = place(flags);
  const kubectl = createKubectl(where);
  const [context, deployments, catalog] = await Promise.all([
    contextOf(kubectl, where),
    readDeployments(kubectl, signal),
    catalogOf(flags, cwd),
  ]);
  requireKfp(catalog, deployments, where.namespace);
  const { stdout } = await kubectl({ args: ['auth', 'can-i', 'patch', 'deployments.apps'], signal });
  if (stdout.trim() === 'yes') return good(`${context}, namespace ${where.namespace}: deploying is allowed`);
  return bad(
    `${context}: Deployments in ${where.namespace} may not be changed`,
    `kubectl auth can-i --list --namespace ${where.namespace}`,
  );
}
