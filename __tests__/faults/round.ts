import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/types';
import { startFaultProxy } from '../support/faultProxy';
import { Storage as Memory } from '../support/memoryRegistry';
import type { Fixture } from './fixture';
import { latestOf, type Latest } from './invariants';
import { checkRound, describeEndings } from './verdict';
import { bestEffort, patient, takePart, type Haste, type Meddling, type Part, type Played } from './client';
import { describeScenario, type RunSpec, type Scenario } from './scenario';
import type { Storage } from './storage';
import { publishInMemory, releasesOf, repeat } from './undisturbed';

/** How a run of a round ended: `undefined`, it was killed. `output`: everything it printed. */
export interface Ended {
  readonly played: Played | undefined;
  readonly output: string;
  /** What a process left behind or did wrong as a process. */
  readonly problems: readonly string[];
}

/** Plays one run of a scenario. */
export type Player = (
  part: Part,
  signal: { readonly name: NodeJS.Signals; readonly when: Promise<void> } | undefined,
) => Promise<Ended>;

/** What came of one seed. */
export interface Report {
  readonly scenario: Scenario;
  /** Violated invariants. */
  readonly problems: readonly string[];
  readonly endings: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  readonly requests: number;
  /** How often it was played again, because the machine was too slow for its short waits. */
  readonly replays: number;
  readonly ms: number;
}

/** In this process: the signal is what main.ts makes of it. */
export function inThisProcess(meddling: Meddling): Player {
  return async (part, signal) => {
    const lines: string[] = [];
    const keep = (line: string): void => void lines.push(line);
    const log: Log = { debug: keep, info: keep, warning: keep, error: keep };
    const controller = new AbortController();
    void signal?.when.then(() => controller.abort());
    const played = await takePart(part, controller.signal, log, meddling);
    const error = played.kind === 'not-built' ? played.error : String(played.error);
    return { played, output: [...lines, JSON.stringify(played), error].join('\n'), problems: [] };
  };
}

/**
 * Plays a scenario on real registries behind a proxy, and checks everything that has to hold after it. A client that gives up what the
 * registry then carries out is a fault that nobody ordered: where that happened the round is void, and is played again with longer waits.
 */
export async function playRound(fixture: Fixture, scenario: Scenario, play: Player): Promise<Report> {
  const startedAt = performance.now();
  for (let replays = 0; ; replays++) {
    const { abandoned, ...report } = await playOnce(fixture, scenario, play, replays);
    const isVoid = stalls(scenario) && abandoned > 0;
    if (!isVoid || replays === 4) return { ...report, replays, ms: performance.now() - startedAt };
  }
}

/** Rounds at once: each waits for its registry most of the time. */
const lanes = 4;

/** Plays scenarios, and prints what is wrong as soon as it is known. */
export async function playRounds(
  fixture: Fixture,
  scenarios: readonly Scenario[],
  playerOf: (scenario: Scenario) => Player,
): Promise<readonly Report[]> {
  const waiting = [...scenarios];
  const reports: Report[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const report = await playRound(fixture, next, playerOf(next));
      for (const problem of report.problems) console.error(problem);
      reports.push(report);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return reports;
}

/** Does the proxy stall in it? */
const stalls = ({ profile }: Scenario): boolean => profile.rate > 0;

async function playOnce(
  fixture: Fixture,
  scenario: Scenario,
  play: Player,
  replays: number,
): Promise<Omit<Report, 'replays' | 'ms'> & { readonly abandoned: number }> {
  const registry = fixture.registry(scenario.auth);
  const proxy = await startFaultProxy(registry.host);
  const name = `${registry.top}faults${replays === 0 ? '' : `-${replays}`}/${scenario.inProcesses ? 'p' : 'r'}${scenario.seed}`;
  const haste = stalls(scenario) ? bestEffort(3 ** replays) : patient(scenario.kind === 'outage' ? 5 : undefined);
  const part = (run: RunSpec, own: Haste = patient()): Part => {
    const { username, password } = registry;
    return { registryPath: `${proxy.host}/${name}`, run, username, password, haste: own };
  };
  const look = (): Promise<Storage> => registry.look(name);
  const problems: string[] = [];
  try {
    const calm = inThisProcess({});
    if (scenario.standing !== undefined) {
      const memory = new Memory();
      await publishInMemory(memory, part(scenario.standing));
      await registry.fill(proxy.host, memory);
    }
    const releases = await releasesOf(scenario, part);
    // A round has a name of its own: where nothing was put, nothing is.
    const before: Latest = scenario.standing === undefined ? new Map() : latestOf(await look());
    const start = proxy.count;
    proxy.behave(scenario.profile.outage === undefined ? scenario.profile : shifted(scenario.profile, start));
    const endings = await mapConcurrently(scenario, async (run, index) => {
      const { signal } = scenario;
      const when = new Promise<void>((resolve) => {
        if (signal !== undefined && index === 0) proxy.at(start + signal.at, resolve);
      });
      return play(part(run, haste), signal === undefined || index !== 0 ? undefined : { name: signal.name, when });
    });
    proxy.behave(undefined);
    await proxy.idle();
    const { abandoned } = proxy;
    const after = await look();
    const found = await checkRound(scenario, endings, before, after, releases);
    problems.push(...(registry.keepsScraps === true ? found.filter((problem) => !isOfScrap(problem, endings)) : found));
    if (proxy.strayed.length > 0) problems.push('I4: a login went to another origin');
    const search = fixture.secrets();
    for (const { output, problems: own } of endings) {
      if (search.find(output) !== undefined) problems.push('I4: a secret was printed');
      problems.push(...own);
    }
    problems.push(...(await repeat(scenario, part, look, calm)));
    return {
      scenario,
      problems: problems.map((problem) => `${problem}\n  ${describeScenario(scenario)}${describeEndings(endings)}`),
      endings: endings.map(({ played }) => played?.kind ?? 'killed'),
      faults: proxy.faults,
      requests: proxy.count,
      abandoned,
    };
  } finally {
    await proxy.close();
  }
}

/** Is it about a `latest` of which the run said that the registry kept a part of a manifest there? The repetition has to mend it. */
function isOfScrap(problem: string, endings: readonly Ended[]): boolean {
  const about = /^(?:I1|I2|Half): ([^:]+):latest\b/.exec(problem)?.[1];
  return endings.some(({ played }) => {
    if (about === undefined || played === undefined || played.kind === 'not-built') return false;
    const { latest } =
      about === 'kfp-images-set' ? played.set : (played.images.find(({ name }) => name === about) ?? {});
    return latest?.kind === 'broken';
  });
}

const shifted = (profile: Scenario['profile'], start: number): Scenario['profile'] => {
  const { outage } = profile;
  return outage === undefined ? profile : { ...profile, outage: { ...outage, from: outage.from + start } };
};

async function mapConcurrently(
  { runs, delayMs, kind }: Scenario,
  play: (run: RunSpec, index: number) => Promise<Ended>,
): Promise<readonly Ended[]> {
  const endings: Promise<Ended>[] = [];
  for (const [index, run] of runs.entries()) {
    if (index > 0 && kind === 'late') await endings[0];
    else if (index > 0) await sleep(delayMs);
    endings.push(play(run, index));
  }
  return Promise.all(endings);
}
