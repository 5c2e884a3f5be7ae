import type { FaultProfile } from '../support/faultKinds';
import { randomFrom } from '../support/interleavings';

/** What one seed of the whole runs stands for. */
export interface WholeScenario {
  readonly seed: number;
  readonly kind: (typeof kinds)[number];
  /** Nothing was published at its path before. */
  readonly isFirst: boolean;
  /** Halves of its two commits, `a` the older: each is a run, started in this order. */
  readonly runs: readonly ('a' | 'b')[];
  readonly delayMs: number;
  readonly profile: FaultProfile | undefined;
  /** For the first run: when the registry has had so many requests, or after so many milliseconds. */
  readonly signal:
    | { readonly name: NodeJS.Signals; readonly atRequest: number }
    | { readonly name: NodeJS.Signals; readonly afterMs: number }
    | undefined;
}

const kinds = ['chance', 'stop at a request', 'stop', 'kill at a request', 'kill', 'race', 'race and kill'] as const;

/** About so many requests, and milliseconds, has an undisturbed run. */
const usual = { requests: 100, ms: 3500 };

/** Every kind comes in turn. */
export function wholeScenario(seed: number): WholeScenario {
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
    // Not where two build the same contents at once: whose build a key names is then open, and a repeat may bind another one.
    isFirst: random() < 0.25 && !isRace,
    runs: isRace ? (random() < 0.5 ? ['a', 'b'] : ['b', 'a']) : ['b'],
    delayMs: Math.floor(random() * 1500),
    profile: kind === 'chance' ? { seed, rate, redirects: false, stallMs: 300, isBlindToContent: true } : undefined,
    signal: /at a request|and kill/.test(kind) ? byRequest : /^(stop|kill)$/.test(kind) ? byTime : undefined,
  };
}

/** In words, for a report. */
export function describeWhole({ seed, kind, isFirst, runs, delayMs, profile, signal }: WholeScenario): string {
  const facts = [
    `seed w${seed}: ${kind}`,
    runs.length === 2 ? `${runs.join(' and ')} ${delayMs} ms after it` : '',
    isFirst ? 'on nothing' : '',
    profile === undefined ? '' : `rate ${profile.rate.toFixed(3)}`,
    signal === undefined
      ? ''
      : `${signal.name} ${'afterMs' in signal ? `after ${signal.afterMs} ms` : `at request ${signal.atRequest}`}`,
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}
