import { publish } from '../../src/publish/publication';
import { createRegistry, type Limits } from '../../src/publish/registry';
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
}

/** How a run went: what `publish` told, or that it did not come so far. */
export type Played = Publication | { readonly kind: 'not-built'; readonly error: string };

/** What tests put between the run and the world; the same for every run. */
export interface Meddling {
  readonly registry?: (registry: Registry) => Registry;
  readonly isAncestor?: ReturnType<typeof history>;
}

/** Waits that make tests short. A stall is longer than anything real here takes, however busy the machine is. */
const limits: Partial<Limits> = {
  attempts: 5,
  firstDelayMs: 2,
  longestDelayMs: 12,
  longestRetryAfterMs: 25,
  callMs: 8000,
  exchangeMs: 2500,
  stallMs: 1500,
};

/** One run: pushes its images (the stages before do this with a builder), then publishes them, all through the real client. */
export async function takePart(part: Part, signal: AbortSignal, log: Log, meddling: Meddling = {}): Promise<Played> {
  const { registryPath, run, username, password } = part;
  const { registry: meddle = (registry: Registry) => registry, isAncestor = history(parents) } = meddling;
  const options = { login: () => Promise.resolve({ username, password }), log, limits };
  const registry = meddle(createRegistry({ ...options, signal }));
  const steadfast = meddle(createRegistry(options));
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
  return publish(order, { registry, steadfast, isAncestor, now: Date.now, signal, log });
}
