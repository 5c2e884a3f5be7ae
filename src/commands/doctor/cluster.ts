import { openCluster } from '../../deploy/context';
import { keyOf, kubectlNames, titleOf } from '../../deploy/customResource';
import { readInstallation } from '../../deploy/installation';
import { placesOf } from '../../deploy/places';
import { requireKfp } from '../../deploy/prepare';
import { readCatalog, type CatalogPlace } from '../catalog';
import { placeOf } from '../sharedFlags';
import { bad, good, unknown, type Check, type Finding } from './check';

/** As the flags name it. */
type ClusterName = Parameters<typeof placeOf>[0];

/** The cluster; needed where one is named. */
export function clusterChecks(flags: ClusterName, catalog: CatalogPlace): readonly Check[] {
  const isNamed = flags.context !== undefined || flags.namespace !== undefined;
  const look = async (signal: AbortSignal): Promise<Finding> => {
    try {
      return await cluster(flags, catalog, signal);
    } catch (thrown) {
      // Whoever only builds needs no cluster.
      if (isNamed || !(thrown instanceof Error)) throw thrown;
      return unknown(thrown.message.split('\n')[0] ?? '', 'Only deploy needs it; --context and --namespace name one');
    }
  };
  return [{ name: 'Cluster', needed: isNamed, look }];
}

async function cluster(flags: ClusterName, place: CatalogPlace, signal: AbortSignal): Promise<Finding> {
  const where = placeOf(flags);
  const { kubectl, context } = await openCluster(where);
  const catalog = await readCatalog(place);
  const installation = await readInstallation(kubectl, catalog, signal);
  requireKfp(catalog, installation, where.namespace);
  const writers = [...placesOf(catalog, installation).values()].flat().map(({ writer }) => writer);
  const asked = new Map(
    writers.map((writer) =>
      writer === undefined
        ? (['Deployments', 'deployments.apps'] as const)
        : ([titleOf(keyOf(writer)), kubectlNames(writer).join('/')] as const),
    ),
  );
  for (const [what, argument] of asked) {
    const { stdout } = await kubectl({ args: ['auth', 'can-i', 'patch', argument], signal });
    if (stdout.trim() === 'yes') continue;
    return bad(
      `${context}: ${what} in ${where.namespace} may not be changed`,
      `kubectl auth can-i --list --namespace ${where.namespace}`,
    );
  }
  const operators = [...asked.keys()].filter((what) => what !== 'Deployments');
  const by = operators.length === 0 ? '' : `, by ${operators.join(', ')}`;
  return good(`${context}, namespace ${where.namespace}: deploying is allowed${by}`);
}
