import { publish } from '../../src/publish/publication';
import { createRegistry } from '../../src/oci/client';
import type { Limits } from '../../src/oci/limits';
import type { Log, Publication, Registry } from '../../src/types';
import { buildTinyRelease, commitId, history } from '../support/releaseSets';
import { binds, parents, type RunSpec } from './scenario';

/** Everything that a run has to be told, as data: it may be another process. */
export interface Part {
  /** `127.0.0.1:port/project/…` */
  readonly registryPath: string;
  readonly run: RunSpec;
  readonly username: string;
  readonly password: string;
  readonly haste: Haste;
}

/** How a run went: what `publish` told, or that it did not come so far. */
export type Played = Publication | { readonly kind: 'not-built'; readonly error: string };

/** What tests put between the run and the world; the same for every run. */
export interface Meddling {
  readonly registry?: (registry: Registry) => Registry;
  readonly isAncestor?: ReturnType<typeof history>;
}

/** Bounds of a run's client. */
export type Haste = Pick<Limits, 'attempts' | 'callMs' | 'exchangeMs' | 'stallMs'>;

/**
 * However busy the machine is: where nothing stalls, nobody is to give up because of the time, and nobody because tokens of a second end on
 * their way to the registry.
 */
export function patient(attempts = 12): Haste {
  return { attempts, callMs: 600_000, exchangeMs: 300_000, stallMs: 120_000 };
}

/** Where the proxy stalls, for tests that end. `factor`: more of it, where the machine was too slow for less. */
export function bestEffort(factor: number): Haste {
  return { attempts: 5, callMs: 8000 * factor, exchangeMs: 2500 * factor, stallMs: 1500 * factor };
}

/** Waits between attempts that make tests short. */
const waits = { firstDelayMs: 2, longestDelayMs: 12, longestRetryAfterMs: 25 } as const;

/** One run: pushes its images (the stages before do this with a builder), then publishes them, all through the real client. */
export async function takePart(part: Part, signal: AbortSignal, log: Log, meddling: Meddling = {}): Promise<Played> {
  const { registryPath, run, username, password, haste } = part;
  const limits = { ...waits, ...haste };
  const { registry: meddle = (registry: Registry) => registry, isAncestor = history(parents) } = meddling;
  const options = { login: () => Promise.resolve({ username, password }), log, limits };
  const registry = meddle(createRegistry({ ...options, signal }));
  const uncancellable = meddle(createRegistry(options));
  const images = Object.entries(run.images).map(([name, content]) => {
    return [name, { content, builtBy: commitId(content) }] as const;
  });
  let order;
  try {
    order = await buildTinyRelease(registry, {
      registryPath,
      commit: commitId(run.commit),
      images: Object.fromEntries(images),
      binds,
    });
  } catch (error) {
    return { kind: 'not-built', error: String(error) };
  }
  return publish(order, { registry, uncancellable, isAncestor, now: Date.now, signal, log });
}
