import { faultKinds, type FaultProfile } from '../support/faultKinds';
import { randomFrom } from '../support/interleavings';

/** One run of a scenario. */
export interface RunSpec {
  /** Name of a commit: base ← old ← new, and side, which leaves the line at base. */
  readonly commit: string;
  /** Image → content. */
  readonly images: Readonly<Record<string, string>>;
}

/** What one seed stands for. */
export interface Scenario {
  readonly seed: number;
  readonly kind:
    'chance' | 'outage' | 'denial' | 'stop' | 'race' | 'race-chance' | 'late' | 'aside' | 'kill' | 'race-kill';
  readonly auth: 'htpasswd' | 'token';
  /** Published before, undisturbed. */
  readonly standing: RunSpec | undefined;
  /** Started in this order, `delayMs` after each other. */
  readonly runs: readonly RunSpec[];
  readonly delayMs: number;
  readonly profile: FaultProfile;
  /** The first run gets this signal when the registry has had so many requests. */
  readonly signal: { readonly name: 'SIGTERM' | 'SIGINT' | 'SIGKILL'; readonly at: number } | undefined;
  /** Nothing goes wrong by chance: no run has an excuse for leaving anything half. */
  readonly isStrict: boolean;
  /** Each run is a process of its own. */
  readonly inProcesses: boolean;
}

/** Parents of each commit, for `history`. */
export const parents: Readonly<Record<string, readonly string[]>> = { old: ['base'], new: ['old'], side: ['base'] };

/** What each image carries. */
export const binds = { apiserver: ['driver'] } as const;

const whole = (commit: string): RunSpec => ({ commit, images: { driver: commit, apiserver: commit } });

/** About so many requests has an undisturbed run. */
const requests = 90;

/** A scenario for a seed; `inProcesses`: of those that kill. */
export function scenarioOf(seed: number, inProcesses: boolean): Scenario {
  const random = randomFrom(seed);
  const among = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const auth = among(['htpasswd', 'htpasswd', 'token'] as const);
  const redirects = random() < 0.4;
  const quiet: FaultProfile = { seed, rate: 0, redirects };
  const chance: FaultProfile = { seed, rate: among([0.02, 0.05, 0.15]), redirects };
  const ours = random() < 0.8 ? whole('new') : partial(random, 'new');
  const standing = random() < 0.75 ? whole('base') : undefined;
  const race = [random() < 0.7 ? whole('old') : partial(random, 'old'), ours];
  if (random() < 0.5) race.reverse();
  const kind = inProcesses
    ? among(['kill', 'kill', 'stop', 'race', 'race-kill'] as const)
    : among([
        'chance',
        'chance',
        'chance',
        'outage',
        'denial',
        'denial',
        'stop',
        'race',
        'race',
        'race-chance',
        'late',
        'aside',
      ] as const);
  const at = 1 + Math.floor(random() * requests * (kind.startsWith('race') ? 2 : 1));
  const common = {
    seed,
    kind,
    auth,
    standing,
    inProcesses,
    delayMs: Math.floor(random() ** 2 * 150),
    signal: undefined,
  };
  const alone = { ...common, runs: [ours], profile: quiet, isStrict: true };
  switch (kind) {
    case 'chance':
      return { ...alone, profile: chance, isStrict: false };
    case 'outage': {
      const outage = {
        from: at,
        length: among([3, 10, 40, 1000]),
        kind: among(['503', 'cut-before', '429', '401', '403', '500']),
      };
      return { ...alone, profile: { ...quiet, outage }, isStrict: false };
    }
    case 'denial': {
      const image = among(['driver', 'apiserver', 'kfp-images-set']);
      const pattern = new RegExp(`^PUT .*/${image}/manifests/latest$`);
      const denied = among(['403', '401', '500', 'cut-before', 'cut-request', '429', '404-bare']);
      return {
        ...alone,
        runs: [whole('new')],
        standing: random() < 0.8 ? whole('base') : undefined,
        profile: { ...quiet, denial: { pattern, kind: denied } },
      };
    }
    case 'stop':
      return { ...alone, signal: { name: among(['SIGTERM', 'SIGINT']), at } };
    case 'kill':
      return { ...alone, signal: { name: 'SIGKILL', at } };
    case 'race':
      return { ...alone, runs: race };
    case 'race-chance':
      return { ...alone, runs: race, profile: { ...chance, rate: among([0.02, 0.05]) }, isStrict: false };
    case 'race-kill':
      return { ...alone, runs: race, signal: { name: 'SIGKILL', at }, isStrict: false };
    case 'late':
      return {
        ...alone,
        runs: [whole('new'), race.find(({ commit }) => commit === 'old') ?? whole('old')],
        delayMs: 100_000,
      };
    case 'aside':
      return { ...alone, standing: whole('side') };
  }
}

/** A tenth is played by processes, which cost more. */
const share = 10;

/** The scenarios of so many seeds. */
export function scenariosOf(seeds: number, from = 1): readonly Scenario[] {
  return Array.from({ length: seeds }, (_, index) => from + index).map((seed) =>
    scenarioOf(seed, (seed - 1) % share === 0),
  );
}

/** Not all images; the content of one may be what it was before. */
function partial(random: () => number, commit: string): RunSpec {
  const content = random() < 0.5 ? commit : 'base';
  return { commit, images: random() < 0.5 ? { driver: content } : { driver: commit, apiserver: content } };
}

/** In words, for a report. */
export function describeScenario({ seed, kind, auth, standing, runs, profile, signal }: Scenario): string {
  const who = runs.map(({ commit, images }) => `${commit} (${Object.keys(images).join(', ')})`).join(' and ');
  const when = signal === undefined ? '' : `, ${signal.name} at request ${signal.at}`;
  const outage =
    profile.outage === undefined
      ? ''
      : `, ${profile.outage.kind} for ${profile.outage.length} from request ${profile.outage.from}`;
  const denial = profile.denial === undefined ? '' : `, ${profile.denial.kind} for ${profile.denial.pattern.source}`;
  return `seed ${seed}: ${kind}, ${auth}, ${who} on ${standing?.commit ?? 'nothing'}, rate ${profile.rate}${outage}${denial}${when}`;
}

export { faultKinds };
