import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { buildImage, type BuiltImage } from '../build/buildImage';
import { detectBuilder } from '../build/builder';
import { capabilitiesOf, checkBuilder } from '../build/capabilities';
import { writeDockerfile } from '../build/prepare';
import { takeTurns } from '../build/turns';
import { message } from '../errors';
import { createDockerLogin, type DockerLogin } from '../publish/dockerLogin';
import { recordGroup, type Scratch } from '../system/scratch';
import type { BuildEvent, BuildObserver } from '../types';
import type { Work } from './context';
import { prepareDockerfiles } from './dockerfiles';
import { pushHint } from './hints';
import { buildJob } from './jobs';
import { writeFiles } from './source';

/** Builds one image of the plan. `queuedAt`: milliseconds since the epoch. */
export type Builds = (name: string, signal: AbortSignal, queuedAt: number) => Promise<BuiltImage>;

/**
 * Makes ready what builds need: a clean tree of exactly the commit, a private login, Dockerfiles with shared caches; and gives the function
 * that builds. Throws EnvironmentError where Docker, buildx or the engine is missing or can't do what is asked.
 */
export async function openWorkshop(work: Work, scratch: Scratch, observer: BuildObserver): Promise<Builds> {
  const { request, ports, source, access, decision } = work;
  // Logs are garbage as soon as they are told: left alone, V8 doubles the space for the young until eight talkative builds fill it.
  // And it lets the old ones wait for a heap that has grown. https://nodejs.org/api/v8.html#v8setflagsfromstringflags
  for (const flag of ['--semi-space-growth-factor=1', '--optimize-for-size']) setFlagsFromString(flag);
  const { inputs } = request;
  const openLogin = async (): Promise<DockerLogin> =>
    createDockerLogin(scratch.docker, access?.path.host ?? '', await access?.login(), ports.env);
  const [{ login, builder }, dockerfiles] = await Promise.all([
    openLogin().then(async (login) => ({ login, builder: await detectBuilder(login.env) })),
    prepareDockerfiles(work),
    writeFiles(source, scratch.tree),
  ]);
  const wish = { platforms: inputs.platforms, push: access !== undefined, cache: inputs.cache };
  for (const remark of checkBuilder(builder, wish)) ports.log.info(remark);
  for (const [name, prepared] of dockerfiles) {
    for (const note of prepared.notes) ports.log.info(`${name}: ${note}`);
    const image = source.catalog.images.get(name);
    if (image !== undefined) await writeDockerfile(scratch, image, prepared);
  }
  const able = capabilitiesOf(builder);
  const renew = async (): Promise<void> => {
    const renewed = await access?.login();
    if (renewed !== undefined) await login.renew(renewed);
  };
  const nextTurn = takeTurns(availableParallelism());
  return async (name, signal, queuedAt) => {
    const planned = decision.plan.images.find((image) => image.name === name);
    const dockerfile = dockerfiles.get(name);
    if (planned === undefined || dockerfile === undefined) throw new Error(`The plan does not build ${name}`);
    const job = buildJob(work, planned, dockerfile, scratch, able);
    const command = { ...job.command, env: { ...login.env, ...job.command.env } };
    // What waited for its turn may find the first login ended. Where no other is to be had, the push says so.
    await renew().catch((error: unknown) => ports.log.debug(message(error)));
    const onStart = (group: number): void => recordGroup(scratch, group);
    const begun = await nextTurn();
    const event = (of: string, each: BuildEvent): void => {
      begun();
      observer.event(of, each);
    };
    const explainPush = (text: string): readonly string[] =>
      access === undefined ? [] : pushHint(text, access, ports.env);
    const told = { observer: { event }, onStart, login: renew, explainPush };
    return buildImage({ ...job, command }, told, signal, queuedAt).finally(begun);
  };
}
