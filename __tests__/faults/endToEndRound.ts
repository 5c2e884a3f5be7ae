import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../src/system/exec';
import { latestOf, wholeness } from './invariants';
import { readStorage, type Storage } from './storage';
import { changedByRepeat, liesOfWhole, notAt, wentBack, withoutReason } from './endToEndChecks';
import { longStep, type EndToEndFixture } from './endToEndFixture';
import { runEndToEnd, type EndToEndEnding, type EndToEndRun } from './endToEndRun';
import { describeWhole, type EndToEndScenario } from './endToEndScenario';
import { liesOfWords } from './endToEndMessages';

/** What came of one seed. */
export interface EndToEndReport {
  readonly kind: EndToEndScenario['kind'];
  readonly problems: readonly string[];
  /** Exit statuses and deaths of the disturbed runs. */
  readonly endings: readonly string[];
  readonly faults: number;
  readonly requests: number;
}

/** The path on which rounds follow each other; a first publication has one of its own. */
const line = 'line';

/** Plays a seed, and checks everything that has to hold after it. `bundles`: others than those that are tested. */
export async function playEndToEnd(
  fixture: EndToEndFixture,
  scenario: EndToEndScenario,
  bundles?: EndToEndRun['bundles'],
): Promise<EndToEndReport> {
  const { commits, engine } = fixture;
  const { kind, seed, runs, isFirst } = scenario;
  const place = fixture.on(scenario.auth);
  const { proxy, registry } = place;
  const path = isFirst ? `w${seed}` : line;
  const look = (): Promise<Storage> => Promise.resolve(readStorage(registry.dataDir, path));
  const act = async (name: string, clone: number, signal?: EndToEndRun['signal']): Promise<EndToEndEnding> => {
    const commit = commits.get(name) ?? '';
    const workspace = fixture.clones[clone] ?? '';
    const { exitCode, stderr } = await run({ command: 'git', args: ['checkout', '--quiet', commit], cwd: workspace });
    if (exitCode !== 0) throw new Error(`git checkout: ${stderr}`);
    const about = { workspace, commit, registryPath: `${proxy.host}/${path}`, keyJson: registry.keyJson };
    const more = { ...(signal === undefined ? {} : { signal }), ...(bundles === undefined ? {} : { bundles }) };
    return runEndToEnd({ ...about, engine: engine.host, folder: fixture.folder, ...more }, () => fixture.secrets());
  };
  const problems: string[] = [];
  const lies = async (
    end: EndToEndEnding,
    name: string,
    storage: Storage,
    isAlone: boolean,
  ): Promise<readonly string[]> => {
    const commit = commits.get(name) ?? '';
    return [...liesOfWhole(end, commit, storage, isAlone), ...(await liesOfWords(end, commit, storage, isAlone))];
  };
  const calm = async (name: string): Promise<void> => {
    const end = await act(name, 0);
    problems.push(...end.problems);
    if (end.code !== 0)
      problems.push(`I3: undisturbed, ${name} ends with ${String(end.code)}: ${end.output.slice(-1500)}`);
    problems.push(...(await lies(end, name, await look(), false)));
  };
  if (!isFirst && (await look()).tags.size === 0) await calm(`${seed - 1}b`);

  const before = latestOf(await look());
  const start = { requests: proxy.count, log: registry.logs().length, faults: total(proxy.faults) };
  proxy.behave(scenario.profile);
  const outage = arrangeOutage(scenario, fixture);
  const ends = await Promise.all(
    runs.map(async (half, index) => {
      if (index > 0) await sleep(scenario.delayMs);
      const signal = index > 0 ? undefined : signalOf(scenario, fixture, start.requests);
      return act(`${seed}${half}`, index, signal);
    }),
  );
  proxy.behave(undefined);
  const wasGone = await outage();
  await proxy.idle();
  const after = await look();
  const all = [...commits.values()];
  problems.push(...(await wholeness(after)), ...wentBack(before, after, all));
  // Distribution's file driver can break a link that two write at once, and answers 500 from then on.
  const isRegistryWell = !registry.logs().slice(start.log).includes('"http.response.status":500');
  for (const [index, end] of ends.entries()) {
    // Whatever the order in which two succeed, the end is the newer one.
    const isLast = runs.length === 1 || (runs[index] === 'b' && ends.every(({ code }) => code === 0));
    problems.push(...end.problems, ...(await lies(end, `${seed}${runs[index] ?? ''}`, after, isLast)));
    if (wasGone) problems.push(...withoutReason(end));
    const isUndisturbed = scenario.profile === undefined && !end.isSignalled && isRegistryWell && !wasGone;
    if (isUndisturbed && end.code !== 0)
      problems.push(`Undisturbed, it ended with ${String(end.code)}: ${end.output.slice(-1500)}`);
  }

  for (const half of runs) await calm(`${seed}${half}`);
  const again = await look();
  problems.push(...(await wholeness(again)), ...wentBack(latestOf(after), again, all));
  problems.push(...notAt(commits.get(`${seed}b`) ?? '', again));
  for (const half of runs) problems.push(...changedByRepeat(commits.get(`${seed}${half}`) ?? '', after, again));
  const leaking = await place.leakingBlobs(fixture.secrets());
  problems.push(...leaking.map((blob) => `I4: a secret is in the registry's blob ${blob}`));
  const endings = ends.map(({ code, killedBy }) => killedBy ?? `exit ${String(code)}`);
  const told = `\n  ${describeWhole(scenario)}: ${endings.join(', ')}`;
  return {
    ...{ kind, endings },
    problems: problems.map((problem) => problem + told),
    faults: total(proxy.faults) - start.faults,
    requests: proxy.count - start.requests,
  };
}

/** The engine will be gone for a while; what is given ends that, and says whether it was. */
function arrangeOutage(
  { outage }: EndToEndScenario,
  { engine, privateEngine }: EndToEndFixture,
): () => Promise<boolean> {
  if (outage === undefined) return () => Promise.resolve(false);
  const { afterMs, downMs, signal } = outage;
  const those = signal === undefined ? engine : privateEngine;
  let gone: Promise<void> | undefined;
  const takeBack = engine.onWords(longStep, () => {
    gone = (async () => {
      await sleep(afterMs);
      await those?.stop(signal ?? 'SIGTERM');
      await sleep(downMs);
      await those?.start();
    })();
  });
  return async () => {
    takeBack();
    await gone;
    return gone !== undefined;
  };
}

function signalOf(
  { signal, auth }: EndToEndScenario,
  fixture: EndToEndFixture,
  requests: number,
): EndToEndRun['signal'] {
  if (signal === undefined) return undefined;
  const when = new Promise<void>((resolve) => {
    if ('afterMs' in signal) setTimeout(resolve, signal.afterMs);
    else if ('atRequest' in signal) fixture.on(auth).proxy.at(requests + signal.atRequest, resolve);
    else fixture.engine.onWords(longStep, () => setTimeout(resolve, signal.intoStepMs));
  });
  return { name: signal.name, when };
}

const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);
