import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../src/system/exec';
import { latestOf, wholeness } from './invariants';
import { readStorage, type Storage } from './storage';
import { liesOfWhole, notAt, wentBack } from './wholeChecks';
import type { WholeGround } from './wholeGround';
import { runWhole, type WholeEnd } from './wholeRun';
import { describeWhole, type WholeScenario } from './wholeScenario';

/** What came of one seed. */
export interface WholeReport {
  readonly problems: readonly string[];
  /** Exit statuses and deaths of the disturbed runs. */
  readonly endings: readonly string[];
  readonly faults: number;
}

/** The path on which rounds follow each other; a first publication has one of its own. */
const line = 'line';

/** Plays a seed, and checks everything that has to hold after it. */
export async function playWhole(ground: WholeGround, scenario: WholeScenario): Promise<WholeReport> {
  const { proxy, registry, commits } = ground;
  const { seed, runs, signal, isFirst } = scenario;
  const path = isFirst ? `w${seed}` : line;
  const look = (): Promise<Storage> => readStorage(registry.dataDir, path);
  const act = async (name: string, clone: number, given?: NodeJS.Signals, when?: Promise<void>): Promise<WholeEnd> => {
    const commit = commits.get(name) ?? '';
    const workspace = ground.clones[clone] ?? '';
    const { exitCode, stderr } = await run({ command: 'git', args: ['checkout', '--quiet', commit], cwd: workspace });
    if (exitCode !== 0) throw new Error(`git checkout: ${stderr}`);
    const about = { workspace, commit, registryPath: `${proxy.host}/${path}`, folder: ground.folder };
    const sent = given === undefined || when === undefined ? {} : { signal: { name: given, when } };
    return runWhole({ ...about, keyJson: registry.keyJson, ...sent }, ground.secrets);
  };
  const problems: string[] = [];
  const calm = async (name: string): Promise<void> => {
    const end = await act(name, 0);
    problems.push(...end.problems);
    if (end.code !== 0)
      problems.push(`I3: undisturbed, ${name} ends with ${String(end.code)}: ${end.output.slice(-1500)}`);
    problems.push(...liesOfWhole(end, commits.get(name) ?? '', await look(), false));
  };
  if (!isFirst && (await look()).tags.size === 0) await calm(`${seed - 1}b`);

  const before = latestOf(await look());
  const start = proxy.count;
  const logged = registry.logs().length;
  const faultsBefore = total(proxy.faults);
  proxy.behave(scenario.profile);
  const ends = await Promise.all(
    runs.map(async (half, index) => {
      if (index > 0) await sleep(scenario.delayMs);
      if (index > 0 || signal === undefined) return act(`${seed}${half}`, index);
      const when = new Promise<void>((resolve) => {
        if ('afterMs' in signal) setTimeout(resolve, signal.afterMs);
        else proxy.at(start + signal.atRequest, resolve);
      });
      return act(`${seed}${half}`, index, signal.name, when);
    }),
  );
  proxy.behave(undefined);
  await proxy.idle();
  const after = await look();
  const all = [...commits.values()];
  problems.push(...(await wholeness(after)), ...wentBack(before, after, all));
  for (const [index, end] of ends.entries()) {
    const commit = commits.get(`${seed}${runs[index] ?? ''}`) ?? '';
    // Whatever the order in which two succeed, the end is the newer one.
    const isLast = runs.length === 1 || (runs[index] === 'b' && ends.every(({ code }) => code === 0));
    problems.push(...end.problems, ...liesOfWhole(end, commit, after, isLast));
    // Distribution's file driver can break a link that two write at once, and answers 500 from then on.
    const isRegistryWell = !registry.logs().slice(logged).includes('"http.response.status":500');
    const isUndisturbed = scenario.profile === undefined && !end.isSignalled && isRegistryWell;
    if (isUndisturbed && end.code !== 0)
      problems.push(`Undisturbed, it ended with ${String(end.code)}: ${end.output.slice(-1500)}`);
  }

  for (const half of runs) await calm(`${seed}${half}`);
  const again = await look();
  problems.push(...(await wholeness(again)), ...wentBack(latestOf(after), again, all));
  problems.push(...notAt(commits.get(`${seed}b`) ?? '', again));
  problems.push(...(await ground.leakingBlobs()).map((blob) => `I4: a secret is in the registry's blob ${blob}`));
  const endings = ends.map(({ code, killedBy }) => killedBy ?? `exit ${String(code)}`);
  const told = `\n  ${describeWhole(scenario)}: ${endings.join(', ')}`;
  return { problems: problems.map((problem) => problem + told), endings, faults: total(proxy.faults) - faultsBefore };
}

const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);
