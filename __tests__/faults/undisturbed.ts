import { publish } from '../../src/publish/publication';
import { memoryRegistry, Storage as Memory } from '../support/memoryRegistry';
import { buildTinyRelease, commitId, history, silent } from '../support/releaseSets';
import { wholeness, type Releases } from './invariants';
import type { Part } from './client';
import type { Player } from './round';
import { binds, parents, type RunSpec, type Scenario } from './scenario';
import type { Storage } from './storage';

/** What each commit of the scenario comes to where nothing goes wrong: repository → digest. */
export async function releasesOf({ standing, runs }: Scenario, part: (run: RunSpec) => Part): Promise<Releases> {
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

/** One undisturbed run. */
export async function publishInMemory(memory: Memory, { registryPath, run }: Part): Promise<void> {
  const registry = memoryRegistry(memory);
  const images = Object.entries(run.images).map(
    ([image, content]) => [image, { content, builtBy: commitId(content) }] as const,
  );
  const release = { registryPath, commit: commitId(run.commit), images: Object.fromEntries(images), binds };
  const order = await buildTinyRelease(registry, release);
  const signal = new AbortController().signal;
  await publish(order, {
    registry,
    uncancellable: registry,
    isAncestor: history(parents),
    now: Date.now,
    signal,
    log: silent,
  });
}

/** I3: the same again, undisturbed, succeeds and comes to what an undisturbed registry has. */
export async function repeat(
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
  // Bookkeeping is what runs at once left behind; prune takes it away.
  const lasting = (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => !/:(candidate|keep|rebuild)-/.test(line)).sort();
  const [more, less] = [lasting(has), lasting(want)];
  const differing = [...more.filter((line) => !less.includes(line)), ...less.filter((line) => !more.includes(line))];
  if (differing.length > 0) problems.push(`I3: again, the registry differs in ${differing.join(', ')}`);
  return problems;
}
