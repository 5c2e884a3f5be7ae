import { randomUUID } from 'node:crypto';
import { kfpCatalog } from '../../catalog/kfp';
import { openCluster } from '../../deploy/context';
import { changedWords, changeLines, namedObject } from '../../deploy/format';
import { catalogHere } from '../../deploy/places';
import { prepareDeploy } from '../../deploy/prepare';
import { setId } from '../../deploy/release';
import { visible } from '../../report/escape';
import { openPullHosts } from '../../run/registryHosts';
import { catalogPlace, readCatalog } from '../catalog';
import { defineCommand } from '../command';
import { confirm } from '../confirm';
import { findSet } from '../releaseSet';
import { refuseUnsigned, requiredSigners, signatureFlags } from '../signature';
import { changeFlags, clusterFlags, dryRunOf, placeOf, registryHostsOf, setFlags, setInputs } from '../sharedFlags';
import { checkSkew, isPrivate } from './registryFacts';
import { warnOfStaleRuns } from './renewed';
import { dryRun, work } from './work';

export const deployCommand = defineCommand({
  name: 'deploy',
  description:
    'Deploy a release set to a cluster: by digest, checked first, watched, and undone if it does not start. Where an operator manages the ' +
    'Deployments, its custom resource is written.',
  operands: {
    value: '[image...]',
    description: 'names; none: all that the cluster has',
    choices: [...kfpCatalog.images.keys()],
  },
  inputs: setInputs,
  flags: {
    ...setFlags,
    ...clusterFlags,
    'pull-secret': { kind: 'text', value: '<name>', description: 'also make the Deployments pull with this secret' },
    ...signatureFlags,
    ...changeFlags,
  },
  examples: [
    'deploy --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY --dry-run server',
    'deploy apiserver driver --lock kfp-images.lock.json --namespace kubeflow --yes',
  ],
  async run(call) {
    const { flags, operands, session, json } = call;
    const asked = placeOf(flags);
    const names = operands.flatMap((each) => each.split(',')).filter((each) => each !== '');
    const pullHosts = openPullHosts(registryHostsOf(call.input('registry-hosts')), session.env);
    const catalog = await readCatalog(catalogPlace(call));
    const found = await findSet(call);
    const { lock } = found;
    await refuseUnsigned(found, await requiredSigners(call));
    await checkSkew(catalog, found, session.log);
    const cluster = await openCluster(asked);
    const { kubectl, place: where, context } = cluster;
    const prepared = await prepareDeploy(kubectl, where, {
      catalog,
      lock,
      names,
      pullSecret: flags['pull-secret'],
      isPrivate: await isPrivate(lock, pullHosts, session.log, session.signal),
      fresh: { id: randomUUID(), at: new Date().toISOString() },
    });
    const { changeSet } = prepared;
    const print = (line: string): void => session.printer.print(visible(line));
    print(`context    ${context}`);
    print(`namespace  ${prepared.namespace}`);
    print(`set        commit ${lock.commit}`);
    for (const line of changeLines(changeSet)) print(line);
    for (const note of prepared.notes) session.log.info(note);
    for (const warning of prepared.warnings) session.log.warning(warning);
    const how = dryRunOf(flags['dry-run']);
    if (how !== 'none') return dryRun(kubectl, where, changeSet, how, call);
    const changes = changeSet.changes.length;
    const question = `Change ${changedWords(changeSet.changes)} in ${context}?`;
    if (changes === 0) session.log.info('Nothing to change: the cluster runs this set already.');
    else if (!(await confirm(question, flags.yes, json, session.signal))) {
      session.signal.throwIfAborted();
      session.log.info('Nothing was changed.');
      return { exitCode: 1 };
    }
    const outcome = await work(cluster, await prepared.latest(), prepared, flags.timeout, session);
    const stale = await warnOfStaleRuns(cluster, catalogHere(catalog, prepared.installation), flags.timeout, session);
    if (changes > 0 && !json)
      session.log.info(`Deployed commit ${lock.commit.slice(0, 12)}; kfp-images rollback takes it back.`);
    return {
      document: {
        kind: changes === 0 ? 'unchanged' : 'deployed',
        context,
        namespace: prepared.namespace,
        commit: lock.commit,
        set: setId(lock),
        changed: changeSet.changes.map((change) => ({
          ...namedObject(change),
          before: change.before.fields ?? change.before.containers,
          after: change.after.fields ?? change.after.containers,
        })),
        unchanged: changeSet.unchanged,
        stale,
        rollouts: outcome.rollouts.map(({ deployment, status }) => ({
          deployment,
          ready: status.ready,
          wanted: status.wanted,
        })),
      },
    };
  },
});
