import { randomUUID } from 'node:crypto';
import { kfpCatalog } from '../catalog/kfp';
import { awaitedOf } from '../deploy/awaited';
import { requirePermissions } from '../deploy/cluster';
import { isCustomResource, keyOf, kubectlNames, titleOf } from '../deploy/customResource';
import { changedWords, changeLines } from '../deploy/format';
import { isChangedSince, rollbackPlan, type RollbackPlan } from '../deploy/history';
import { openCluster } from '../deploy/context';
import { livesOf, readInstallation } from '../deploy/installation';
import { catalogHere } from '../deploy/places';
import { requireUnpaused } from '../deploy/prepare';
import { DeployError } from '../errors';
import { visible } from '../report/escape';
import { catalogPlace, readCatalog } from './catalog';
import { defineCommand } from './command';
import { confirm } from './confirm';
import { warnOfStaleRuns } from './deploy/renewed';
import { dryRun, work } from './deploy/work';
import { changeFlags, clusterFlags, dryRunOf, placeOf } from './sharedFlags';

/** All that the last deploy changed. What an interrupted deploy changed goes back, what an interrupted rollback left is finished. */
export const rollbackCommand = defineCommand({
  name: 'rollback',
  description: 'Go back to what ran before the last deploy, the whole set; a second rollback goes forward again.',
  inputs: ['catalog', 'working-directory'],
  flags: { ...clusterFlags, ...changeFlags },
  examples: ['rollback --dry-run', 'rollback --context my-cluster --namespace kubeflow --yes'],
  async run(call) {
    const { flags, session, json } = call;
    const cluster = await openCluster(placeOf(flags));
    const { kubectl, place: where, context } = cluster;
    // A catalog that can't be read must not stand in the way of going back.
    const catalog = await readCatalog(catalogPlace(call)).catch(() => kfpCatalog);
    const installation = await readInstallation(kubectl, catalog);
    const plan = rollbackPlan(livesOf(installation), { id: randomUUID(), at: new Date().toISOString() });
    const awaited = new Map(plan.changes.flatMap((change) => [...awaitedOf(catalog, installation, change)]));
    const expected = new Map([
      ...plan.changes.flatMap(({ live, after }) =>
        isCustomResource(live) ? [] : [[live.metadata.name, after.containers] as const],
      ),
      ...[...awaited].map(([deployment, { containers }]) => [deployment, containers] as const),
    ]);
    requireUnpaused(installation.deployments, new Set(expected.keys()));
    await requirePermissions(kubectl, [
      ['list', 'pods'],
      ...plan.changes.map(({ live }) => ['patch', kubectlNames(live).join('/')] as const),
    ]);
    const print = (line: string): void => session.printer.print(visible(line));
    print(`context    ${context}`);
    print(`namespace  ${where.namespace}`);
    print(reason(plan));
    for (const line of changeLines(plan)) print(line);
    for (const carrier of plan.operation.carriers.filter(isChangedSince)) {
      session.log.warning(`${titleOf(keyOf(carrier.live))} was changed by someone else since; it goes back too.`);
    }
    const how = dryRunOf(flags['dry-run']);
    if (how !== 'none') return dryRun(kubectl, where, plan, how, call);
    const question = `Change ${changedWords(plan.changes)} in ${context}?`;
    if (plan.changes.length > 0 && !(await confirm(question, flags.yes, json, session.signal))) {
      session.signal.throwIfAborted();
      session.log.info('Nothing was changed.');
      return { exitCode: 1 };
    }
    await work(cluster, plan, { expected, awaited }, flags.timeout, session).catch((thrown: unknown) => {
      if (!(thrown instanceof DeployError)) throw thrown;
      const further =
        'The same rollback again tries the same. `kfp-images deploy --commit SHA` puts any other published set there.';
      throw new DeployError(`${thrown.message}\n${further}`, { cause: thrown });
    });
    const stale = await warnOfStaleRuns(cluster, catalogHere(catalog, installation), flags.timeout, session);
    if (!json)
      session.log.info(
        plan.kind === 'abort'
          ? 'Done: what the interrupted deploy had changed is back.'
          : 'Done; a second rollback goes forward again.',
      );
    return {
      document: {
        kind: plan.kind,
        context,
        namespace: where.namespace,
        changed: plan.changes.map(({ live }) => keyOf(live)),
        unchanged: plan.unchanged,
        stale,
      },
    };
  },
});

function reason({ kind, operation }: RollbackPlan): string {
  switch (kind) {
    case 'back':
      return `back       behind the ${operation.kind} of ${operation.at}`;
    case 'abort':
      return `back       what the interrupted deploy of ${operation.at} had changed`;
    case 'finish':
      return `back       the rest of the interrupted rollback of ${operation.at}`;
  }
}
