import { field, parseJson } from '../system/json';
import type { BaseConfig, Registry } from '../types';
import { listedPlatforms, platformOf, readManifest, type IndexEntry } from './manifest';

/** Configurations are small; a huge one is not read. */
const longestConfig = 4 * 2 ** 20;
const most = { triggers: 1000, variables: 10_000 };

/**
 * What an image's configuration does to a build that starts from it: https://github.com/opencontainers/image-spec/blob/main/config.md, and
 * Docker's `OnBuild` beside it. `config`: the object of that name, as the registry and `docker image inspect` have it. undefined: it can't
 * be read.
 */
export function readBaseConfig(config: unknown): BaseConfig | undefined {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
  const lines = texts(field(config, 'Env'), most.variables);
  const onBuild = texts(field(config, 'OnBuild'), most.triggers);
  const [user, workingDir] = [field(config, 'User') ?? '', field(config, 'WorkingDir') ?? ''];
  if (lines === undefined || onBuild === undefined || typeof user !== 'string' || typeof workingDir !== 'string') {
    return undefined;
  }
  const env = lines.map((line): readonly [string, string] => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  return { env, onBuild, user, workingDir };
}

/**
 * The configuration of an image for a platform (`linux/arm64/v8`), verified by its digest. Where an index does not list the platform, or
 * nobody knows it, the first image counts. undefined: it has none that can be read. Throws RegistryError.
 */
export async function baseConfigOf(
  registry: Registry,
  repository: string,
  digest: string,
  platform: string | undefined,
): Promise<BaseConfig | undefined> {
  const top = await registry.manifest(repository, digest);
  const content = top === undefined ? undefined : readManifest(top.bytes);
  const child = imageFor(content?.children ?? [], platform);
  const image = child === undefined ? top : await registry.manifest(repository, child.digest);
  const config = image === undefined ? undefined : readManifest(image.bytes)?.config;
  if (config === undefined || config.size > longestConfig) return undefined;
  const json = parseJson(await registry.blob(repository, config.digest));
  // An image that was made without one has none to respect.
  return json === undefined ? undefined : readBaseConfig(field(json, 'config') ?? {});
}

/**
 * The platforms that an image is there for, as `linux/arm64/v8`. undefined: it is not there, or does not say. Throws RegistryError.
 */
export async function imagePlatforms(
  registry: Registry,
  repository: string,
  digest: string,
): Promise<readonly string[] | undefined> {
  const manifest = await registry.manifest(repository, digest);
  const content = manifest && readManifest(manifest.bytes);
  if (content === undefined) return undefined;
  if (content.config === undefined) {
    const listed = listedPlatforms(content);
    return listed.length === content.children.filter(({ kind }) => kind === 'image').length ? listed : undefined;
  }
  if (content.config.size > longestConfig) return undefined;
  const platform = platformOf(parseJson(await registry.blob(repository, content.config.digest)));
  return platform === undefined ? undefined : [platform];
}

function imageFor(children: readonly IndexEntry[], platform = 'linux/amd64'): IndexEntry | undefined {
  const images = children.filter(({ kind }) => kind === 'image');
  const machine = (text: string | undefined): string | undefined => text?.split('/').slice(0, 2).join('/');
  return (
    images.find((each) => each.platform === platform) ??
    images.find((each) => machine(each.platform) === machine(platform)) ??
    images[0]
  );
}

function texts(value: unknown, mostTexts: number): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  const isList = Array.isArray(value) && value.length <= mostTexts && value.every((each) => typeof each === 'string');
  return isList ? value : undefined;
}
