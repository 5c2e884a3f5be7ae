import { BuildError, RegistryError } from '../errors';
import { accountIn } from '../google/artifactRegistry/authClient';
import type { Preflight } from '../google/artifactRegistry/preflightDecision';
import { hintLines, troubleshootingPage } from '../google/hints/hint';
import { createEcrCommands, ecr } from '../google/hints/otherHosts';
import { checkWritable, missingRepositories, preflightTags, withLatest, type SoughtImage } from '../publish/lookUp';
import type { Log } from '../types';
import type { Access } from './access';
import { missingPlatforms } from './basePlatforms';
import { googleApi } from './google';
import type { RunPorts } from './ports';
import { checkShards, type ShardInputs } from './shards';
import type { Work } from './work';

/** What the registry is asked while git is still being read. */
interface PreflightAnswers {
  readonly preflight: Promise<Preflight | undefined>;
}

/**
 * Asks Google about the repository while git is still being read. With `create-repository` the repository is there before anything else is
 * asked. `isPlan`: nothing may be changed. Throws RegistryError when the repository is to be made and can't be.
 */
export async function startPreflight(
  access: Access,
  ports: Pick<RunPorts, 'log' | 'signal'>,
  wish: { readonly createRepository: boolean; readonly movesLatest: boolean; readonly isPlan: boolean },
): Promise<PreflightAnswers> {
  const ask = (): Promise<Preflight | undefined> => askGoogle(access, wish.movesLatest, ports.signal);
  const known = wish.createRepository ? await made(access, ports, wish.isPlan, ask) : undefined;
  return { preflight: known === undefined ? ask() : Promise.resolve(known) };
}

/** Makes the repository where Google says that it is not there. Gives what Google says of it then. */
async function made(
  access: Access,
  { log, signal }: Pick<RunPorts, 'log' | 'signal'>,
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
    log.info(`There is no such repository yet: a run that is not a dry run makes ${place} (create-repository).`);
    return found;
  }
  const api = await googleApi(access, signal);
  if (api === undefined) return found;
  const { createRepository } = await import('../google/artifactRegistry/createRepository');
  const outcome = await createRepository(api.path, api.authClient, api.options);
  log.info(
    outcome === 'created'
      ? `Made ${place}, for Docker images (create-repository).`
      : `Somebody else just made ${place}.`,
  );
  return ask();
}

/**
 * Asks Google, where images go there, whether the push can go well; to be awaited before the first build.
 * Never rejects: what can't be asked is found out by the push. undefined: it could not be asked.
 */
async function askGoogle(access: Access, moveLatest: boolean, signal: AbortSignal): Promise<Preflight | undefined> {
  try {
    const api = await googleApi(access, signal);
    if (api === undefined) return undefined;
    const { preflight } = await import('../google/artifactRegistry/preflight');
    const account = accountIn(access.credentials.describe);
    return await preflight(api.path, api.authClient, { ...api.options, account, moveLatest });
  } catch {
    return undefined;
  }
}

/** Tells of what the pre-flight found. Throws RegistryError when the push can't go well: nothing is built for it. */
export function throwOnPreflightErrors(found: Preflight | undefined, log: Log, env: NodeJS.ProcessEnv): void {
  for (const hint of found?.warnings ?? []) log.warning(hintLines(hint, env).join('\n'));
  const errors = found?.errors ?? [];
  if (errors.length === 0) return;
  const lines = errors.flatMap((hint) => hintLines(hint, env));
  throw new RegistryError(`The push can't go well, so nothing was built.\n${lines.join('\n')}`);
}

/**
 * All that can be known to fail is reported before the first build, and what other runs (shards) are to have built already is looked for. Throws
 * RegistryError, PublishError, SourceError and BuildError.
 */
export async function checkWork(
  work: Work,
  done: ShardInputs['done'],
  { log, env }: Pick<RunPorts, 'log' | 'env'>,
): Promise<void> {
  if (work.access !== undefined) await enforcePreflight(work, work.access, { log, env });
  const lacking = await missingPlatforms(work, log);
  if (lacking.length > 0) {
    throw new BuildError(
      `${lacking.join('\n')}\nTake other base images, or give these images their own platforms in the catalog. Nothing was built.`,
    );
  }
  checkShards(done, work.source, work.decision, log);
}

/**
 * Whether we may push is asked where something is built: the question leaves an upload behind in some registries, and without a build the first
 * tag answers it as early.
 */
async function enforcePreflight(
  { decision: { plan, state, images }, latest, shard, preflight }: Work,
  { registry, path }: Access,
  { log, env }: Pick<RunPorts, 'log' | 'env'>,
): Promise<void> {
  const found = await preflight;
  throwOnPreflightErrors(found, log, env);
  const sought = [...images.values()];
  const built = new Set(plan.images.flatMap(({ name, action }) => (action === 'build' ? [name] : [])));
  if (built.size > 0 && ecr.test(path.host)) {
    await refuseMissingRepositories(
      { registry, path },
      sought.filter(({ name }) => built.has(name)),
    );
  } else if (built.size > 0) await checkWritable(registry, path.full);
  if (state === undefined || shard !== undefined) return;
  const intent = {
    registryPath: path.full,
    commit: plan.commit,
    images: sought,
    moveLatest: latest.move,
    immutable: found?.immutableTags,
    withLatest: found?.immutableTags === true && latest.move ? await withLatest(registry, sought) : new Set<string>(),
  };
  for (const warning of preflightTags(state, intent)) log.warning(warning);
}

/** ECR makes no repositories: all that are missing are named at once. */
async function refuseMissingRepositories(
  { registry, path }: Pick<Access, 'registry' | 'path'>,
  images: readonly SoughtImage[],
): Promise<void> {
  const missing = await missingRepositories(registry, path.full, images);
  if (missing.length === 0) return;
  throw new RegistryError(
    [
      `${path.host} makes no repository by itself, and of those that this run pushes to ${missing.length} are missing, so nothing was built. Make them:`,
      ...createEcrCommands(path.full, missing).map((command) => `  ${command}`),
      `More: ${troubleshootingPage}#repository-missing`,
    ].join('\n'),
  );
}

/** In a run that only plans: what would keep a real one from pushing, as warnings. */
export function warnPreflight(
  found: Preflight | undefined,
  createRepository: boolean,
  { log, env }: Pick<RunPorts, 'log' | 'env'>,
): void {
  const hints = [...(found?.errors ?? []), ...(found?.warnings ?? [])];
  for (const hint of hints) {
    // That a real run fixes itself.
    if (createRepository && hint.kind === 'repository-missing') continue;
    log.warning(['A run that pushes would find this:', ...hintLines(hint, env)].join('\n'));
  }
}
