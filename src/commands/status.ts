import { readWorkload } from '../deploy/cluster';
import { openCluster } from '../deploy/context';
import { statusLines } from '../deploy/format';
import { readInstallation } from '../deploy/installation';
import { catalogHere } from '../deploy/places';
import { requireKfp } from '../deploy/prepare';
import { statusOf } from '../deploy/status';
import { visible } from '../report/escape';
import { catalogPlace, readCatalog } from './catalog';
import { defineCommand } from './command';
import { staleRunsNow } from './deploy/renewed';
import { clusterFlags, placeOf } from './sharedFlags';

export const statusCommand = defineCommand({
  name: 'status',
  description:
    'Show what runs on the cluster: image, digest, commit, age, drift from its set, and which runs would start other images.',
  inputs: ['catalog', 'working-directory'],
  flags: clusterFlags,
  examples: ['status', 'status --context my-cluster --namespace kubeflow --json'],
  async run(call) {
    const { flags, session, json } = call;
    const where = placeOf(flags);
    const cluster = await openCluster(where);
    const { kubectl, context } = cluster;
    const catalog = await readCatalog(catalogPlace(call));
    const [installation, workload] = await Promise.all([
      readInstallation(kubectl, catalog, session.signal),
      readWorkload(kubectl, session.signal),
    ]);
    requireKfp(catalog, installation, where.namespace);
    const status = statusOf(catalog, installation, workload);
    for (const warning of status.warnings) session.log.warning(warning);
    const stale = await staleRunsNow(cluster, catalogHere(catalog, installation), session);
    if (!json) session.printer.print(visible(`context ${context}, namespace ${where.namespace}`));
    return {
      document: { context, namespace: where.namespace, ...status, stale },
      text: statusLines(status, new Date())
        .map((line) => `${visible(line)}\n`)
        .join(''),
    };
  },
});
