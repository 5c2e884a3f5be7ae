import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { buildImage } from '../builder/buildImage';
import { buildkitOf, detectBuilder } from '../builder/builder';
import { capabilitiesOf, checkBuilder, classicStoreRefused } from '../builder/capabilities';
import { takeTurns } from '../builder/turns';
import { createDockerLogin, type DockerLogin } from '../docker/dockerLogin';
import { localMounts, type LocalMounts } from '../builder/localMounts';
import { message } from '../errors';
import { dockerTypesRefusal } from '../oci/dockerTypes';
import { maskSecrets } from '../report/log';
import { missingFileHints } from '../plan/missingFiles';
import { platformsOfImage } from '../plan/platforms';
import { takeBuilt } from '../publish/builtImage';
import { keyTag, setRepository } from '../publish/tags';
import { recordGroup, type Scratch } from '../system/scratch';
import type { BuildEvent, BuildObserver, BuildOutcome, Log, PlannedImage } from '../types';
import type { Access } from './access';
import { buildInputs, writeBuildTrees, type BuildInputs } from './buildInputs';
import { buildJob, layerCache } from './buildJob';
import { noCaches, openCaches, type Caches } from './caches';
import { buildFromSeeds, type BuildOnce } from './seededBuild';
import { pushHint } from './google';
import { findSecrets } from './buildSecrets';
import { tagOfBuilt } from './decide';
import type { RunPorts } from './ports';
import type { Work } from './work';

/** What builds the images of a plan. */
export interface Builds {
  /** Builds one image. `queuedAt`: milliseconds since the epoch. `digests`: of the images of this set that are built. */
  readonly build: (
    name: string,
    signal: AbortSignal,
    queuedAt: number,
    digests: ReadonlyMap<string, string>,
  ) => Promise<BuildOutcome>;
  /** BuildKit's release, where it says so. */
  readonly buildkit: string | undefined;
  readonly caches: Caches;
}

/** Where building reports, and what stops it. */
export type BuildsPorts = Pick<RunPorts, 'env' | 'log' | 'signal'>;

/**
 * Makes ready what builds need: for each build a tree of exactly the files of its content key, a private login, Dockerfiles with shared caches; and gives the function
 * that builds. Throws EnvironmentError where Docker, buildx or the engine is missing or can't do what is asked.
 */
export async function prepareBuilds(
  work: Work,
  scratch: Scratch,
  observer: BuildObserver,
  ports: BuildsPorts,
): Promise<Builds> {
  const { inputs, access, decision } = work;
  const { env, log } = ports;
  // Logs are garbage as soon as they are shown: left alone, V8 doubles the space for the young until eight talkative builds fill it.
  // And it lets the old ones wait for a heap that has grown. https://nodejs.org/api/v8.html#v8setflagsfromstringflags
  for (const flag of ['--semi-space-growth-factor=1', '--optimize-for-size']) setFlagsFromString(flag);
  const openLogin = async (): Promise<DockerLogin> =>
    createDockerLogin(scratch.docker, access?.pushHost ?? '', await access?.login(), env);
  const found = buildInputs(work);
  const logged = openLogin();
  const [login, builder, builds, caches] = await Promise.all([
    logged,
    logged.then((docker) => detectBuilder(docker.env, inputs.builder)),
    found.then(async (inputsOfBuilds) => {
      await writeBuildTrees(work, inputsOfBuilds, scratch);
      return inputsOfBuilds;
    }),
    access === undefined || inputs.cache === 'none'
      ? noCaches
      : logged.then(async (docker) => {
          const engine = { env: docker.env, builder: inputs.builder };
          const streams = { signal: ports.signal, onStart: (group: number) => recordGroup(scratch, group) };
          const ask = (): Promise<LocalMounts> => localMounts(engine, streams);
          return openCaches(work, access, await found, ask, { ...ports, scratch, docker: engine });
        }),
  ]);
  const images = [...builds.values()].map(({ image }) => image);
  const given = findSecrets(images, inputs, {
    env,
    cwd: work.folder,
    onSecret: (value) => maskSecrets(log, [value]),
  });
  const wish = {
    push: access !== undefined,
    cache: layerCache(inputs.cache),
    files: inputs.outputs.length > 0,
    scans: access !== undefined && inputs.sbom.kind === 'generator',
  };
  const lists = images.map((image) => platformsOfImage(image, inputs.platforms));
  const remarks = lists.flatMap((platforms) => checkBuilder(builder, { ...wish, platforms }));
  for (const remark of new Set(remarks)) log.info(remark);
  // Artifact Registry takes them.
  if (access?.path.kind === 'other' && builder.store === 'classic') await checkMediaTypes(access);
  for (const [name, { dockerfile }] of builds) {
    for (const note of dockerfile.notes) log.info(`${name}: ${note}`);
  }
  const able = capabilitiesOf(builder);
  const renew = async (): Promise<void> => {
    const renewed = await access?.login();
    if (renewed !== undefined) await login.renew(renewed);
  };
  const nextTurn = takeTurns(availableParallelism());
  const build: Builds['build'] = async (name, signal, queuedAt, digests) => {
    const planned = decision.plan.images.find((image) => image.name === name);
    const own = builds.get(name);
    if (planned === undefined || own === undefined) throw new Error(`The plan does not build ${name}`);
    const job = buildJob(work, planned, own, scratch, able, digests, given);
    const command = { ...job.command, env: { ...login.env, ...job.command.env } };
    const begun = await nextTurn();
    // What waited for its turn may find the first login ended. Where no other is to be had, the push says so.
    await renew().catch((error: unknown) => log.debug(message(error)));
    const onStart = (group: number): void => recordGroup(scratch, group);
    const explainPush = (text: string): readonly string[] => (access === undefined ? [] : pushHint(text, access, env));
    const once: BuildOnce = (observe, until) => {
      const event = (of: string, each: BuildEvent): void => {
        begun();
        observe(each);
        observer.event(of, each);
      };
      const buildPorts = { observer: { event }, onStart, login: renew, explainPush };
      return buildImage({ ...job, command }, buildPorts, until, queuedAt).finally(begun);
    };
    const built = await buildFromSeeds(own, caches, scratch, once, signal);
    return explained(work, own, await tagBuilt(work, planned, built, log));
  };
  return { build, buildkit: buildkitOf(builder), caches };
}

/** The classic store knows no other media types than Docker's. Throws EnvironmentError where the registry refuses these. */
async function checkMediaTypes({ registry, path }: Access): Promise<void> {
  const refusal = await dockerTypesRefusal(registry, setRepository(path.full));
  if (refusal !== undefined) throw classicStoreRefused(path.host, refusal);
}

/** The outcome with the digest that the registry has; a failure where it has none. */
async function tagBuilt(
  { access, inputs, decision }: Work,
  { name, key }: PlannedImage,
  outcome: BuildOutcome,
  log: Log,
): Promise<BuildOutcome> {
  const found = decision.images.get(name);
  if (outcome.kind !== 'built' || access === undefined || found === undefined) return outcome;
  const { repository } = found;
  const tags = [...new Set([tagOfBuilt(decision.mark, key), keyTag(key)])];
  const at = { repository, tags, said: outcome.digest, isScanned: inputs.sbom.kind === 'generator' };
  const digest = await takeBuilt({ ...access, log }, at);
  if (digest !== undefined) return { ...outcome, digest };
  const why = `buildx says that it pushed ${repository}@${outcome.digest}, but the registry does not have it. Run again.`;
  const { timing, logFile } = outcome;
  const of = { name, ...(logFile === undefined ? {} : { logFile }) };
  return { ...of, kind: 'failed', message: why, at: undefined, tail: [], timing };
}

/** A failure with what to do about it, where it names a file that the build was not given. */
function explained({ source }: Work, { image, tree, texts }: BuildInputs, outcome: BuildOutcome): BuildOutcome {
  if (outcome.kind !== 'failed') return outcome;
  const words = [outcome.message, outcome.step ?? '', ...outcome.tail];
  const failed = { image, given: tree, ignore: texts.ignore?.toString('utf8'), words };
  const hints = missingFileHints(source.tree, failed);
  return hints.length === 0 ? outcome : { ...outcome, message: [outcome.message, ...hints].join('\n') };
}
