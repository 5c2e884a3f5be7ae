import { randomUUID } from 'node:crypto';
import { createKubectl } from '../deploy/kubectl';
import { prepareDeploy } from '../deploy/prepare';
import { refuseSkew, setId } from '../deploy/release';
import { changeLines } from '../deploy/words';
import { message, RegistryError } from '../errors';
import { visible } from '../report/escape';
import type { Catalog } from '../types';
import type { Flags } from './commandLine';
import { confirm } from './deploy/confirm';
import { findSet, type FoundSet } from './deploy/lock';
import { bakedVariables, isPrivate } from './deploy/registryFacts';
import { catalogOf, place, text, texts } from './deploy/settings';
import { dryRun, showDryRun, work } from './deploy/work';
import { terminalSession, type Session } from './session';

/**
 * `kfp-images deploy [IMAGE...]`: puts a release set on a cluster, watches it start, and takes it back when it does not.
 * Gives the exit status; throws explained errors.
 */
export async function deployCommand(flags: Flags, operands: readonly string[] = []): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  const json = flags['json'] === true;
  try {
    const where = place(flags);
    const names = [...operands.flatMap((each) => each.split(',')), ...texts(flags, 'images')].filter(
      (each) => each !== '',
    );
    const catalog = await catalogOf(flags, session.cwd);
    const found = await findSet(flags, session);
    const { lock } = found;
    await checkSkew(catalog, found, session);
    const kubectl = createKubectl(where);
    const prepared = await prepareDeploy(kubectl, where, {
      catalog,
      lock,
      names,
      pullSecret: text(flags, 'pullSecret'),
      isPrivate: await isPrivate(lock, session.log, session.signal),
      fresh: { id: randomUUID(), at: new Date().toISOString() },
    });
    const { changeSet } = prepared;
    const print = (line: string): void => session.printer.print(visible(line));
    print(`context    ${prepared.context}`);
    print(`namespace  ${prepared.namespace}`);
    print(`set        commit ${lock.commit}`);
    for (const line of changeLines(changeSet)) print(line);
    for (const note of prepared.notes) session.log.info(note);
    for (const warning of prepared.warnings) session.log.warning(warning);
    const how = dryRun(flags);
    if (how !== 'none') {
      await showDryRun(kubectl, where, changeSet, how, session, json);
      return 0;
    }
    const changes = changeSet.changes.length;
    if (changes === 0) session.log.info('Nothing to change: the cluster runs this set already.');
    else if (
      !(await confirm(
        `Change ${changes} Deployments in ${prepared.context}?`,
        flags['yes'] === true,
        json,
        session.signal,
      ))
    ) {
      session.signal.throwIfAborted();
      session.log.info('Nothing was changed.');
      return 1;
    }
    const outcome = await work(kubectl, changeSet, prepared.expected, flags, session);
    const document = {
      kind: changes === 0 ? 'unchanged' : 'deployed',
      context: prepared.context,
      namespace: prepared.namespace,
      commit: lock.commit,
      set: setId(lock),
      changed: changeSet.changes.map(({ deployment, before, after }) => ({
        deployment,
        before: before.containers,
        after: after.containers,
      })),
      unchanged: changeSet.unchanged,
      rollouts: outcome.rollouts.map(({ deployment, status }) => ({
        deployment,
        ready: status.ready,
        wanted: status.wanted,
      })),
    };
    if (json) process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    else if (changes > 0)
      session.log.info(`Deployed commit ${lock.commit.slice(0, 12)}; kfp-images rollback takes it back.`);
    return 0;
  } finally {
    session.close();
  }
}

/** Holds the set against what its images were published with, where the registry can be asked. */
async function checkSkew(catalog: Catalog, { lock, access }: FoundSet, session: Session): Promise<void> {
  const binds = new Map([...catalog.images].map(([name, image]) => [name, image.bind]));
  try {
    const baked = access === undefined ? [] : await bakedVariables(access.hasty, catalog, lock);
    refuseSkew(lock, binds, baked);
  } catch (thrown) {
    if (!(thrown instanceof RegistryError)) throw thrown;
    session.log.warning(
      `The registry could not be asked whether the images of this set belong together: ${message(thrown)}`,
    );
  }
}
