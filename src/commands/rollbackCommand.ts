import { randomUUID } from 'node:crypto';
import { readDeployments, requirePermissions } from '../deploy/cluster';
import { isChangedSince, rollbackPlan, type RollbackPlan } from '../deploy/history';
import { createKubectl } from '../deploy/kubectl';
import { contextOf } from '../deploy/prepare';
import { changeLines } from '../deploy/words';
import { visible } from '../report/escape';
import type { Flags } from './commandLine';
import { confirm } from './deploy/confirm';
import { place } from './deploy/settings';
import { dryRun, showDryRun, work } from './deploy/work';
import { terminalSession } from './session';

/**
 * `kfp-images rollback`: all Deployments of the last deploy back to what they ran before it; a second one goes forward again. What an
 * interrupted deploy changed goes back, what an interrupted rollback left is finished. Gives the exit status; throws explained errors.
 */
export async function rollbackCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  const json = flags['json'] === true;
  try {
    const where = place(flags);
    const kubectl = createKubectl(where);
    const [context, deployments] = await Promise.all([contextOf(kubectl, where), readDeployments(kubectl)]);
    const plan = rollbackPlan(deployments, { id: randomUUID(), at: new Date().toISOString() });
    await requirePermissions(kubectl, [
      ['list', 'pods'],
      ...plan.changes.map(({ deployment }) => ['patch', `deployments.apps/${deployment}`] as const),
    ]);
    const print = (line: string): void => session.printer.print(visible(line));
    print(`context    ${context}`);
    print(`namespace  ${where.namespace}`);
    print(reason(plan));
    for (const line of changeLines(plan)) print(line);
    for (const carrier of plan.operation.carriers.filter(isChangedSince)) {
      session.log.warning(`${carrier.live.metadata.name} was changed by someone else since; it goes back too.`);
    }
    const how = dryRun(flags);
    if (how !== 'none') {
      await showDryRun(kubectl, where, plan, how, session, json);
      return 0;
    }
    const question = `Change ${plan.changes.length} Deployments in ${context}?`;
    if (plan.changes.length > 0 && !(await confirm(question, flags['yes'] === true, json, session.signal))) {
      session.signal.throwIfAborted();
      session.log.info('Nothing was changed.');
      return 1;
    }
    const expected = new Map(plan.changes.map(({ deployment, after }) => [deployment, after.containers]));
    await work(kubectl, plan, expected, flags, session);
    const document = {
      kind: plan.kind,
      context,
      namespace: where.namespace,
      changed: [...expected.keys()],
      unchanged: plan.unchanged,
    };
    if (json) process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    else if (plan.kind === 'abort') session.log.info('Done: what the interrupted deploy had changed is back.');
    else session.log.info('Done; a second rollback goes forward again.');
    return 0;
  } finally {
    session.close();
  }
}

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
