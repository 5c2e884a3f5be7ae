import { setFlagsFromString } from 'node:v8';
import { buildImage, type BuiltImage } from '../build/buildImage';
import { detectBuilder } from '../build/builder';
import { capabilitiesOf, checkBuilder } from '../build/capabilities';
import { writeDockerfile } from '../build/prepare';
import { message } from '../errors';
import { createDockerLogin } from '../publish/dockerLogin';
import { recordGroup, type Scratch } from '../system/scratch';
import type { BuildObserver } from '../types';
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
  const [login, dockerfiles] = await Promise.all([
    access?.login().then((own) => createDockerLogin(scratch.docker, access.path.host, own, ports.env)) ??
      createDockerLogin(scratch.docker, '', undefined, ports.env),
    prepareDockerfiles(work),
    writeFiles(source, scratch.tree),
  ]);
  const builder = await detectBuilder(login.env);
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
  return async (name, signal, queuedAt) => {
    const planned = decision.plan.images.find((image) => image.name === name);
    const dockerfile = dockerfiles.get(name);
    if (planned === undefined || dockerfile === undefined) throw new Error(`The plan does not build ${name}`);
    const job = buildJob(work, planned, dockerfile, scratch, able);
    const command = { ...job.command, env: { ...login.env, ...job.command.env } };
    // What waited for its turn may find the first login ended. Where no other is to be had, the push says so.
    await renew().catch((error: unknown) => ports.log.debug(message(error)));
    const onStart = (group: number): void => recordGroup(scratch, group);
    const explainPush = (text: string): readonly string[] =>
      access === undefined ? [] : pushHint(text, access, ports.env);
    return buildImage({ ...job, command }, { observer, onStart, login: renew, explainPush }, signal, queuedAt);
  };
}
