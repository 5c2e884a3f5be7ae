import type { FaultProfile } from '../support/faultKinds';
import { randomFrom } from '../support/interleavings';

/** What one seed of the whole runs stands for. */
export interface EndToEndScenario {
  readonly seed: number;
  readonly kind: (typeof kinds)[number] | 'engine restarted';
  /** `token`: of a server whose tokens end while a run goes on. */
  readonly auth: 'htpasswd' | 'token';
  /** Nothing was published at its path before. */
  readonly isFirst: boolean;
  /** Halves of its two commits, `a` the older: each is a run, started in this order. */
  readonly runs: readonly ('a' | 'b')[];
  readonly delayMs: number;
  readonly profile: FaultProfile | undefined;
  /** For the first run: when the registry has had so many requests, after so many milliseconds, or so many into a step of its builds. */
  readonly signal:
    | { readonly name: NodeJS.Signals; readonly atRequest: number }
    | { readonly name: NodeJS.Signals; readonly afterMs: number }
    | { readonly name: NodeJS.Signals; readonly intoStepMs: number }
    | undefined;
  /**
   * For the first run: so long after a step of its builds began the engine is gone, and for so long. With a signal, which it gets, it is the
   * engine itself that ends; else the way to it is cut.
   */
  readonly outage: { readonly afterMs: number; readonly downMs: number; readonly signal?: NodeJS.Signals } | undefined;
}

const kinds = [
  ...(['chance', 'stop at a request', 'stop', 'kill at a request', 'kill', 'race', 'race and kill'] as const),
  ...(['tokens', 'engine gone'] as const),
] as const;

/** About so many requests, and milliseconds, has an undisturbed run. */
const usual = { requests: 100, ms: 3500 };

/** Every kind comes in turn. */
export function scenarioOfSeed(seed: number): EndToEndScenario {
  const random = randomFrom(seed * 7919);
  const up = (most: number): number => 1 + Math.floor(random() * most);
  const kind = kinds[seed % kinds.length] ?? 'chance';
  const name = kind.includes('kill') ? 'SIGKILL' : seed % 2 === 0 ? 'SIGTERM' : 'SIGINT';
  const isRace = kind.startsWith('race');
  const byRequest = { name, atRequest: up(usual.requests * (isRace ? 1.5 : 1)) } as const;
  const byTime = { name, afterMs: up(usual.ms) } as const;
  const rate = 0.02 + 0.03 * random();
  return {
    seed,
    kind,
    auth: kind === 'tokens' || (kind === 'chance' && seed % 2 === 0) ? 'token' : 'htpasswd',
    isFirst: random() < (isRace ? 0.5 : 0.25),
    runs: isRace ? (random() < 0.5 ? ['a', 'b'] : ['b', 'a']) : ['b'],
    delayMs: Math.floor(random() * 1500),
    profile: kind === 'chance' ? { seed, rate, redirects: false, stallMs: 300, isBlindToContent: true } : undefined,
    signal: /at a request|and kill/.test(kind) ? byRequest : /^(stop|kill)$/.test(kind) ? byTime : undefined,
    outage: kind === 'engine gone' ? { afterMs: Math.floor(random() * 3000), downMs: up(4000) } : undefined,
  };
}

/** The engine itself is stopped and started: nobody else may use it at the same time. */
export function restartScenario(seed: number): EndToEndScenario {
  const random = randomFrom(seed * 7919);
  const outage = { afterMs: Math.floor(random() * 1200), downMs: Math.floor(random() * 2000) };
  const signal = seed % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
  const quiet = { ...scenarioOfSeed(seed), delayMs: 0, profile: undefined, signal: undefined };
  return { ...quiet, kind: 'engine restarted', auth: 'htpasswd', runs: ['b'], outage: { ...outage, signal } };
}

/** In words, for a report. */
export function describeWhole(scenario: EndToEndScenario): string {
  const { seed, kind, runs, delayMs, isFirst, profile, signal, outage } = scenario;
  const facts = [
    `seed ${kind === 'engine restarted' ? 'e' : 'w'}${seed}: ${kind}`,
    runs.length === 2 ? `${runs.join(' and ')} ${delayMs} ms after it` : '',
    isFirst ? 'on nothing' : '',
    profile === undefined ? '' : `rate ${profile.rate.toFixed(3)}`,
    signal === undefined ? '' : `${signal.name} ${moment(signal)}`,
    outage === undefined
      ? ''
      : `for ${outage.downMs} ms, ${outage.afterMs} ms into a step ${outage.signal ?? ''}`.trim(),
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}

function moment(signal: NonNullable<EndToEndScenario['signal']>): string {
  if ('afterMs' in signal) return `after ${signal.afterMs} ms`;
  return 'atRequest' in signal ? `at request ${signal.atRequest}` : `${signal.intoStepMs} ms into a step`;
}
