import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildImage, type BuildPorts } from '../../src/builder/buildImage';
import { detectBuilder } from '../../src/builder/builder';
import { buildArgs, buildCommand, type BuildRequest } from '../../src/builder/buildx';
import { capabilitiesOf, type Capabilities } from '../../src/builder/capabilities';
import { dockerfilePlace, prepareDockerfile, writeDockerfile } from '../../src/builder/buildDockerfile';
import { createScratch, removeScratch, type Scratch } from '../../src/system/scratch';
import type { BuildEvent, BuildOutcome, CatalogImage, Command } from '../../src/types';
import { catalogImage } from '../plan/memoryTree';
import { ensureBaseImage } from '../support/baseImages';
import { tempDir } from '../support/engine';
import { dockerConfig, type TestRegistry } from '../support/registry';

/** The small image that these tests build on. */
export const base = 'kfp-images-test/build:1';
/** 2026-01-05T12:00:00Z */
export const date = 1_767_614_400;
export const sha = '0123456789abcdef0123456789abcdef01234567';

/** A private folder with a tree to build, logged in to a registry. */
export interface Workbench extends AsyncDisposable {
  readonly able: Capabilities;
  readonly scratch: Scratch;
  /** Writes files of the tree. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** The command for an image, its Dockerfile rewritten and written where the command says. */
  command(
    image: Partial<CatalogImage>,
    request?: Partial<BuildRequest>,
    pins?: ReadonlyMap<string, string>,
  ): Promise<Command>;
  /** Builds it as a run does. `events` gets what it tells. */
  build(
    image: Partial<CatalogImage>,
    options?: {
      request?: Partial<BuildRequest>;
      /** Base images → by digest. */
      pins?: ReadonlyMap<string, string>;
      /** In place of the command that is made of the request. */
      command?: Command;
      ports?: Partial<BuildPorts>;
      signal?: AbortSignal;
      events?: BuildEvent[];
      env?: Record<string, string>;
    },
  ): Promise<{ readonly outcome: BuildOutcome; readonly logFile: string | undefined }>;
}

export async function openWorkbench(registry: TestRegistry): Promise<Workbench> {
  await ensureBaseImage(base);
  const folder = await tempDir();
  const scratch = createScratch(folder.path);
  await dockerConfig(registry, scratch.docker);
  const able = capabilitiesOf(await detectBuilder({ DOCKER_CONFIG: scratch.docker }));
  const metadataFile = (name: string): string => join(scratch.metadata, `${name}.json`);
  const bench: Workbench = {
    able,
    scratch,
    write: async (files) => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(scratch.tree, path)), { recursive: true });
        await writeFile(join(scratch.tree, path), text);
      }
    },
    command: async (partial, more = {}, pins = new Map()) => {
      const image = catalogImage(partial);
      const request: BuildRequest = {
        image,
        repository: `${registry.path}/${image.repository}`,
        tag: 'key-1',
        push: true,
        platforms: ['linux/amd64'],
        revision: sha,
        values: { sha, short_sha: sha.slice(0, 7), branch: 'main', date: '2026-01-05T12:00:00Z' },
        date,
        source: 'https://github.com/acme/pipelines',
        version: 'commit-0123456',
        cache: 'none',
        wantsEpoch: false,
        baseImages: new Map(),
        places: {
          tree: scratch.tree,
          dockerfile: image.dockerfile,
          metadataFile: metadataFile(image.name),
          dockerConfig: scratch.docker,
        },
        ...more,
      };
      const text = await readFile(join(scratch.tree, image.dockerfile), 'utf8').catch(() => '');
      const prepared = prepareDockerfile(image, text, buildArgs(request), 'acme/pipelines', { pins });
      const ignore = await readFile(join(scratch.tree, `${image.dockerfile}.dockerignore`)).catch(() => undefined);
      if (text !== '') await writeDockerfile(scratch, image, prepared.rewritten ?? text, ignore);
      return buildCommand(
        {
          ...request,
          wantsEpoch: prepared.wantsEpoch,
          baseImages: prepared.baseImages,
          places: { ...request.places, dockerfile: dockerfilePlace(scratch, image) },
        },
        able,
      );
    },
    build: async (
      partial,
      {
        request = {},
        pins,
        command: given,
        ports = {},
        signal = new AbortController().signal,
        events = [],
        env = {},
      } = {},
    ) => {
      const image = catalogImage(partial);
      const command = given ?? (await bench.command(partial, request, pins));
      const job = {
        name: image.name,
        command: { ...command, env: { ...command.env, ...env } },
        metadataFile: metadataFile(image.name),
        logFile: join(scratch.logs, `${image.name}.log`),
        dockerfile: image.dockerfile,
        push: request.push ?? true,
      };
      const quick = { waits: 4, firstWaitMs: 10, longestWaitMs: 50 };
      const observer = { event: (_: string, event: BuildEvent) => void events.push(event) };
      const outcome = await buildImage(job, { observer, patience: quick, ...ports }, signal);
      return { outcome, logFile: outcome.logFile };
    },
    [Symbol.asyncDispose]: async () => {
      removeScratch(scratch.folder);
      await folder.remove();
    },
  };
  return bench;
}
