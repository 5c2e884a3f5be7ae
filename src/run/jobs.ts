import { join } from 'node:path';
import { buildCommand, type BuildPlaces, type BuildRequest } from '../build/buildx';
import type { BuildJob } from '../build/buildImage';
import type { Capabilities } from '../build/capabilities';
import type { PreparedDockerfile } from '../build/prepare';
import { imageRepository } from '../publish/reference';
import { keyTag } from '../publish/tags';
import type { Scratch } from '../system/scratch';
import type { PlannedImage } from '../types';
import type { Work } from './context';
import { templateValues } from './templateValues';

/** The one command that builds an image of the plan. Decides only; a dry run prints it. */
export function buildJob(
  work: Work,
  planned: PlannedImage,
  dockerfile: PreparedDockerfile,
  folders: Scratch,
  able: Capabilities,
): BuildJob {
  const { request, source, access } = work;
  const { inputs, event } = request;
  const image = source.catalog.images.get(planned.name);
  if (image === undefined) throw new Error(`The catalog has no image ${planned.name}`);
  const push = access !== undefined;
  const metadataFile = join(folders.metadata, `${planned.name}.json`);
  const places: BuildPlaces = {
    tree: folders.tree,
    dockerfile: dockerfile.path,
    metadataFile,
    dockerConfig: folders.docker,
  };
  const { commit } = work.decision.plan;
  const repository = event.repository;
  const build: BuildRequest = {
    image,
    repository: access === undefined ? image.repository : imageRepository(access.path, image.repository),
    tag: push ? keyTag(planned.key) : `commit-${commit}`,
    push,
    platforms: inputs.platforms,
    revision: commit,
    values: templateValues(work),
    date: source.date,
    source: repository === undefined ? undefined : `${repository.serverUrl}/${repository.owner}/${repository.name}`,
    version: `commit-${commit.slice(0, 12)}`,
    cache: push ? inputs.cache : 'none',
    wantsEpoch: dockerfile.wantsEpoch,
    baseImages: pinsOf(work, planned.name),
    places,
  };
  return {
    name: planned.name,
    command: buildCommand(build, able),
    metadataFile,
    logFile: join(folders.logs, `${planned.name}.log`),
    dockerfile: image.dockerfile,
    push,
  };
}

/** The base images of one image that a registry told the digest of. */
function pinsOf({ bases, decision }: Work, name: string): ReadonlyMap<string, string> {
  const lines = decision.keys.get(name)?.lines ?? [];
  return new Map(
    [...bases.pins()].filter(([reference]) => lines.some((line) => line.startsWith(`base ${reference}\t`))),
  );
}
