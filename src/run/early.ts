import type { Preflight } from '../publish/artifactRegistry/judge';
import { hintLines } from '../publish/hints/hint';
import { checkWritable, preflightTags } from '../publish/lookUp';
import type { Access } from './access';
import type { RunPorts, RunRequest } from './context';
import type { Decision } from './decide';
import { askGoogle, googleApi } from './google';
import { heed } from './hints';
import { orderOf } from './latest';
import type { Source } from './source';

/** What the registry is asked while git is still being read. */
export interface EarlyAnswers {
  readonly preflight: Promise<Preflight | undefined>;
  /** May we write there? undefined: this run does not. */
  readonly writable: Promise<void> | undefined;
}

/**
 * Asks whether we may write, so early that the look-ups which follow find a client that knows how to log in, where otherwise each would
 * ask in vain first. With `create-repository` the repository is there before anything else is asked. `isPlan`: nothing may be changed.
 * A refusal counts where the answer is awaited. Throws RegistryError when the repository is to be made and can't be.
 */
export async function askEarly(
  { request, ports, source }: { readonly request: RunRequest; readonly ports: RunPorts; readonly source: Source },
  access: Access,
  isPlan: boolean,
): Promise<EarlyAnswers> {
  const movesTags = orderOf(request, source).move;
  const ask = (): Promise<Preflight | undefined> => askGoogle(access, movesTags, ports.signal);
  const known = request.inputs.createRepository ? await made(access, ports, isPlan, ask) : undefined;
  const writable = isPlan ? undefined : checkWritable(access.registry, access.path.full);
  writable?.catch(() => undefined);
  return { preflight: known === undefined ? ask() : Promise.resolve(known), writable };
}

/** Makes the repository where Google says that it is not there. Gives what Google says of it then. */
async function made(
  access: Access,
  { log, signal }: RunPorts,
  isPlan: boolean,
  ask: () => Promise<Preflight | undefined>,
): Promise<Preflight | undefined> {
  if (access.path.kind === 'other') {
    log.warning(
      `create-repository has no effect: ${access.path.host} is not Artifact Registry, the only one whose repositories are made here.`,
    );
    return undefined;
  }
  const found = await ask();
  if (found?.repository !== 'missing') return found;
  const { project, location, repository } = access.path;
  const place = `the repository ${repository} in ${location} of the project ${project}`;
  if (isPlan) {
    log.info(`There is no such repository yet: a run that is no dry run makes ${place} (create-repository).`);
    return found;
  }
  const api = await googleApi(access, signal);
  if (api === undefined) return found;
  const { createRepository } = await import('../publish/artifactRegistry/createRepository');
  const outcome = await createRepository(api.path, api.authClient, api.options);
  log.info(
    outcome === 'created'
      ? `Made ${place}, for Docker images (create-repository).`
      : `Somebody else just made ${place}.`,
  );
  return ask();
}

/** All that can be known to fail is told before the first build. Throws RegistryError and PublishError. */
export async function heedEarly(
  { request, ports, source }: { readonly request: RunRequest; readonly ports: RunPorts; readonly source: Source },
  access: Access,
  { plan, state, sought }: Decision,
  { preflight, writable }: EarlyAnswers,
): Promise<void> {
  const { log, env } = ports;
  const found = await preflight;
  heed(found, log, env);
  await writable;
  if (state === undefined) return;
  const intent = {
    registryPath: access.path.full,
    commit: plan.commit,
    images: sought,
    moveLatest: orderOf(request, source).move,
    immutable: found?.immutableTags,
  };
  for (const warning of preflightTags(state, intent)) log.warning(warning);
}

/** In a run that only plans: what would keep a real one from pushing, as warnings. */
export function foretell({ inputs }: RunRequest, { log, env }: RunPorts, found: Preflight | undefined): void {
  const hints = [...(found?.errors ?? []), ...(found?.warnings ?? [])];
  for (const hint of hints) {
    // That a real run mends itself.
    if (inputs.createRepository && hint.kind === 'repository-missing') continue;
    log.warning(['A run that pushes would find this:', ...hintLines(hint, env)].join('\n'));
  }
}
