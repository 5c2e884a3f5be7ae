import { setTimeout as sleep } from 'node:timers/promises';
import { publish } from '../../src/publish/publication';
import type { Log } from '../../src/types';
import { startFaultProxy } from '../support/faultProxy';
import { memoryRegistry, Storage as Memory } from '../support/memoryRegistry';
import { buildTinyRelease, commitId, history, silent } from '../support/releaseSets';
import type { Ground } from './ground';
import { expectedLatest, forwardness, latestOf, truth, wholeness, type Latest, type Releases } from './invariants';
import { takePart, type Meddling, type Part, type Played } from './participant';
import { binds, describeScenario, parents, type RunSpec, type Scenario } from './scenario';
import { readStorage, writeStorage, type Storage } from './storage';

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

/** Plays a scenario on real registries behind a proxy, and checks everything that has to hold after it. */
export async function playRound(ground: Ground, scenario: Scenario, play: Player): Promise<Report> {
  const registry = ground.registry(scenario.auth);
  const proxy = await startFaultProxy(registry.host);
  const name = `faults/${scenario.inProcesses ? 'p' : 'r'}${scenario.seed}`;
  const part = (run: RunSpec): Part => {
    const { username, password } = registry;
    return { registryPath: `${proxy.host}/${name}`, run, username, password };
  };
  const look = (): Promise<Storage> => readStorage(registry.dataDir, name);
  const problems: string[] = [];
  try {
    const calm = inThisProcess({});
    if (scenario.standing !== undefined) {
      const memory = new Memory();
      await publishInMemory(memory, part(scenario.standing));
      await writeStorage(registry.dataDir, proxy.host, memory);
    }
    const releases = await releasesOf(scenario, part);
    const before = latestOf(await look());
    const start = proxy.count;
    proxy.behave(scenario.profile.outage === undefined ? scenario.profile : shifted(scenario.profile, start));
    const endings = await together(scenario, async (run, index) => {
      const { signal } = scenario;
      const when = new Promise<void>((resolve) => {
        if (signal !== undefined && index === 0) proxy.at(start + signal.at, resolve);
      });
      return play(part(run), signal === undefined || index !== 0 ? undefined : { name: signal.name, when });
    });
    proxy.behave(undefined);
    await proxy.idle();
    const after = await look();
    problems.push(...(await judge(scenario, endings, before, after, releases)));
    if (proxy.strayed.length > 0) problems.push('I4: a login went to another origin');
    const search = ground.secrets();
    for (const { output, problems: own } of endings) {
      if (search.find(output) !== undefined) problems.push('I4: a secret was printed');
      problems.push(...own);
    }
    problems.push(...(await repeat(scenario, part, look, calm)));
    return {
      scenario,
      problems: problems.map((problem) => `${problem}\n  ${describeScenario(scenario)}${told(endings)}`),
      endings: endings.map(({ played }) => played?.kind ?? 'killed'),
      faults: proxy.faults,
      requests: proxy.count,
    };
  } finally {
    await proxy.close();
  }
}

const shifted = (profile: Scenario['profile'], start: number): Scenario['profile'] => {
  const { outage } = profile;
  return outage === undefined ? profile : { ...profile, outage: { ...outage, from: outage.from + start } };
};

async function together(
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

/** What each commit of the scenario comes to where nothing goes wrong: repository → digest. */
async function releasesOf({ standing, runs }: Scenario, part: (run: RunSpec) => Part): Promise<Releases> {
  const releases = new Map<string, Map<string, string>>();
  for (const run of [...(standing === undefined ? [] : [standing]), ...runs]) {
    const memory = new Memory();
    await publishInMemory(memory, part(run));
    const digests = [...memory.tags].flatMap(([tag, digest]) => {
      const repository = /([^/]+):commit-/.exec(tag)?.[1];
      return repository === undefined ? [] : [[repository, digest] as const];
    });
    releases.set(run.commit, new Map(digests));
  }
  return releases;
}

async function publishInMemory(memory: Memory, { registryPath, run }: Part): Promise<void> {
  const registry = memoryRegistry(memory);
  const images = Object.entries(run.images).map(
    ([image, content]) => [image, { content, builtBy: commitId(content) }] as const,
  );
  const release = { registryPath, commit: commitId(run.commit), images: Object.fromEntries(images), binds };
  const order = await buildTinyRelease(registry, release);
  const signal = new AbortController().signal;
  await publish(order, {
    registry,
    steadfast: registry,
    isAncestor: history(parents),
    now: Date.now,
    signal,
    log: silent,
  });
}

/** I1, I2, what `latest` has to be, and the truth, right after the disturbance. */
async function judge(
  scenario: Scenario,
  endings: readonly Ended[],
  before: Latest,
  after: Storage,
  releases: Releases,
): Promise<readonly string[]> {
  const played = endings.map((ending) => ending.played);
  const isAlone = scenario.runs.length === 1;
  const problems = [...(await wholeness(after)), ...(await forwardness(before, latestOf(after), releases))];
  for (const one of played) if (one !== undefined) problems.push(...truth(one, after, isAlone));
  const succeeded = scenario.runs.filter((_, index) => {
    const one = played[index];
    return one !== undefined && one.kind !== 'not-built' && ['moved', 'unchanged', 'left'].includes(one.latest.kind);
  });
  const want = expectedLatest(
    before,
    succeeded.map(({ commit }) => commit),
    releases,
  );
  const has = latestOf(after);
  for (const [repository, digest] of want) {
    if (has.get(repository) === digest) continue;
    if (played.includes(undefined) || isExcused(scenario, played, repository)) continue;
    problems.push(`Half: ${repository}:latest is ${has.get(repository) ?? 'nothing'}, not ${digest ?? 'nothing'}`);
  }
  return problems;
}

/** A run that told what it could not put right, where something went wrong by chance, or where there was nothing to go back to. */
function isExcused(scenario: Scenario, played: readonly (Played | undefined)[], repository: string): boolean {
  return played.some((one) => {
    if (one === undefined || one.kind === 'not-built' || one.notes.length === 0) return false;
    const state =
      repository === 'kfp-images-set' ? one.set.latest : one.images.find(({ name }) => name === repository)?.latest;
    const hadToStay = scenario.standing === undefined && state?.kind === 'stuck';
    return hadToStay || !scenario.isStrict;
  });
}

/** I3: the same again, undisturbed, succeeds and comes to what an undisturbed registry has. */
async function repeat(
  scenario: Scenario,
  part: (run: RunSpec) => Part,
  look: () => Promise<Storage>,
  calm: Player,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const memory = new Memory({ deletesTags: false });
  if (scenario.standing !== undefined) await publishInMemory(memory, part(scenario.standing));
  for (const run of scenario.runs) {
    const { played } = await calm(part(run), undefined);
    await publishInMemory(memory, part(run));
    const good = scenario.kind === 'aside' ? ['latest-refused'] : ['published', 'unchanged'];
    if (played === undefined || !good.includes(played.kind)) {
      problems.push(
        `I3: again, ${run.commit} is ${played?.kind ?? 'killed'}: ${played === undefined ? '' : String(played.error)}`,
      );
    }
  }
  const storage = await look();
  problems.push(...(await wholeness(storage)));
  const has = [...storage.tags].flatMap(([repository, tags]) =>
    [...tags].map(([tag, digest]) => `${repository}:${tag} ${digest}`),
  );
  const want = memory.snapshot().map((line) => line.slice(line.lastIndexOf('/') + 1));
  const lasting = (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => !line.includes(':candidate-')).sort();
  const [more, less] = [lasting(has), lasting(want)];
  const differing = [...more.filter((line) => !less.includes(line)), ...less.filter((line) => !more.includes(line))];
  if (differing.length > 0) problems.push(`I3: again, the registry differs in ${differing.join(', ')}`);
  return problems;
}

function told(endings: readonly Ended[]): string {
  return endings
    .map(({ played }) => {
      if (played === undefined) return '\n  killed';
      if (played.kind === 'not-built') return `\n  not built: ${played.error}`;
      const states = [
        ...played.images.map(({ name, latest }) => `${name} ${latest?.kind ?? '-'}`),
        `set ${played.set.latest?.kind ?? '-'}`,
      ];
      return `\n  ${played.kind}, latest ${played.latest.kind}: ${states.join(', ')}; ${played.notes.join(' ')} ${String(played.error)}`;
    })
    .join('');
}
