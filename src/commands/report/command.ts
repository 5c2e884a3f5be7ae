import { resolve } from 'node:path';
import { readWorkload } from '../../deploy/cluster';
import { openCluster } from '../../deploy/context';
import { readInstallation } from '../../deploy/installation';
import { statusOf } from '../../deploy/status';
import { EnvironmentError } from '../../errors';
import { replaceFile } from '../../report/atomicFile';
import { setPage } from '../../report/set/setPage';
import { setLines } from '../../report/set/setReport';
import type { Catalog } from '../../types';
import { catalogPlace, readCatalog } from '../catalog';
import { defineCommand } from '../command';
import { localEvent } from '../localEvent';
import { findSet } from '../releaseSet';
import { clusterFlags, placeOf, setFlags, setInputs } from '../sharedFlags';
import { gatherReport, type ReportQuestion } from './gather';

export const reportCommand = defineCommand({
  name: 'report',
  description:
    'Report on a release set: images, sizes, what changed since the previous set and why, and where it runs.',
  inputs: setInputs,
  flags: {
    commit: setFlags.commit,
    lock: setFlags.lock,
    html: { kind: 'text', value: '<file>', description: 'write one HTML file that needs no network, instead of text' },
    ...clusterFlags,
  },
  json: 'what the page shows',
  examples: [
    'report --registry-path europe-west3-docker.pkg.dev/my-project/kfp',
    'report --commit 2.17.0 --html report.html --registry-path europe-west3-docker.pkg.dev/my-project/kfp',
    'report --namespace kubeflow --context my-cluster --registry-path europe-west3-docker.pkg.dev/my-project/kfp',
  ],
  async run(call) {
    const { flags, session } = call;
    const { lock, access } = await findSet(call);
    if (access === undefined) {
      throw new EnvironmentError(
        `There is no login for ${lock.registryPath}, and a report asks the registry. See: kfp-images doctor`,
      );
    }
    const folder = call.input('working-directory').trim();
    const catalog = await readCatalog(catalogPlace(call));
    // A cluster is only asked when one is named.
    const isAsked = flags.context !== undefined || flags.namespace !== undefined;
    const report = await gatherReport({
      lock,
      registry: access.registry,
      catalog,
      folder: resolve(session.cwd, folder === '' ? '.' : folder),
      repository: (await localEvent({ workingDirectory: folder === '' ? '.' : folder }, session)).repository,
      running: isAsked ? await runningOn(catalog, flags, session.signal) : undefined,
      log: session.log,
    });
    if (flags.html !== undefined) {
      await replaceFile('The report', resolve(session.cwd, flags.html), setPage(report));
      session.log.info(`Wrote ${flags.html}: open it in a browser.`);
      return { document: report };
    }
    return {
      document: report,
      text: setLines(report)
        .map((line) => `${line}\n`)
        .join(''),
    };
  },
});

async function runningOn(
  catalog: Catalog,
  flags: { readonly context: string | undefined; readonly namespace: string | undefined },
  signal: AbortSignal,
): Promise<ReportQuestion['running']> {
  const where = placeOf(flags);
  const { kubectl, context } = await openCluster(where);
  const [installation, workload] = await Promise.all([
    readInstallation(kubectl, catalog, signal),
    readWorkload(kubectl, signal),
  ]);
  const digests = new Map<string, readonly string[]>();
  for (const { image, digest } of statusOf(catalog, installation, workload).rows) {
    digests.set(image, [...(digests.get(image) ?? []), ...(digest === undefined ? [] : [digest])]);
  }
  return { where: `${context}, namespace ${where.namespace}`, digests };
}
