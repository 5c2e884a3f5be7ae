import { join } from 'node:path';
import type { BuildJob } from '../builder/buildImage';
import { buildCommand, type BuildPlaces, type BuildRequest } from '../builder/buildx';
import type { Capabilities } from '../builder/capabilities';
import type { GivenSecrets } from '../builder/options';
import { dockerfilePlace } from '../builder/buildDockerfile';
import { platformsOfImage } from '../plan/platforms';
import { commitTag } from '../publish/tags';
import type { Scratch } from '../system/scratch';
import type { Inputs, PlannedImage } from '../types';
import { pushedName } from './access';
import { ownBases, treePlace, type BuildInputs } from './buildInputs';
import { tagOfBuilt } from './decide';
import { destinationsOf } from './destinations';
import type { Work } from './work';

/** The one command that builds an image of the plan. Decides only; a dry run prints it. */
export function buildJob(
  work: Work,
  planned: PlannedImage,
  { image: catalogImage, tree, dockerfile }: BuildInputs,
  folders: Scratch,
  able: Capabilities,
  digests: ReadonlyMap<string, string>,
  given?: GivenSecrets,
): BuildJob {
  const { inputs, source, access, decision, values } = work;
  // Where the catalog names a link, what it leads to.
  const image = { ...catalogImage, context: tree.context };
  const push = access !== undefined;
  const found = decision.images.get(planned.name);
  const metadataFile = join(folders.metadata, `${planned.name}.json`);
  const places: BuildPlaces = {
    tree: treePlace(folders, tree),
    dockerfile: dockerfilePlace(folders, image),
    metadataFile,
    dockerConfig: folders.docker,
  };
  const { commit } = decision.plan;
  const repository = work.github?.repository;
  const build: BuildRequest = {
    image,
    repository: access === undefined || found === undefined ? image.repository : pushedName(access, found.repository),
    scanner: push && inputs.sbom.kind === 'generator' ? inputs.sbom.image : undefined,
    plainHttp: access !== undefined && access.hosts.get(access.pushHost)?.plainHttp === true,
    tag: push ? tagOfBuilt(decision.mark, planned.key) : commitTag(commit),
    push,
    platforms: platformsOfImage(image, inputs.platforms),
    revision: commit,
    values,
    date: source.date,
    source: repository === undefined ? undefined : `${repository.serverUrl}/${repository.owner}/${repository.name}`,
    version: `commit-${commit.slice(0, 12)}`,
    cache: push ? layerCache(inputs.cache) : 'none',
    builder: inputs.builder,
    wantsEpoch: dockerfile.wantsEpoch,
    baseImages: new Map([...dockerfile.baseImages, ...ownBases(work, planned.name, digests)]),
    contexts: tree.named,
    ...(given === undefined ? {} : { given }),
    noCache: inputs.noCache,
    ...destinationsOf(work, planned.name),
    places,
  };
  return {
    name: planned.name,
    command: buildCommand(build, able),
    metadataFile,
    logFile: join(folders.logs, `${planned.name}.log`),
    dockerfile: image.dockerfile,
    ...(dockerfile.added === undefined ? {} : { added: dockerfile.added }),
    push,
  };
}

/** BuildKit's cache of steps, as far as it was asked for. */
export function layerCache(cache: Inputs['cache']): 'none' | 'registry' | 'gha' {
  return cache === 'auto' ? 'none' : cache;
}
