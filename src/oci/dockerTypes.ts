import { randomBytes } from 'node:crypto';
import { RegistryError } from '../errors';
import type { Registry } from '../types';
import { digestOf } from './digest';
import { saysPartIsMissing } from './refusals';

/** https://github.com/distribution/distribution/blob/v3.1.2/docs/content/spec/manifest-v2-2.md */
const [manifestType, configType] = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.container.image.v1+json',
];

/**
 * The registry's words where it refuses images with Docker's own media types, as zot does as it comes; undefined: it takes them, or that did not
 * come out. It is asked to store a manifest whose config nobody has: who takes the type complains of that. One that stores it all the same is
 * made to forget it.
 */
export async function dockerTypesRefusal(registry: Registry, repository: string): Promise<string | undefined> {
  const config = { mediaType: configType, digest: digestOf(randomBytes(32)), size: 32 };
  const text = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: [] });
  const bytes = Buffer.from(text);
  const digest = digestOf(bytes);
  try {
    await registry.putManifest(repository, digest, manifestType, bytes);
  } catch (refusal) {
    return isAboutType(refusal) ? refusal.message : undefined;
  }
  await registry.deleteManifest(repository, digest).catch(() => undefined);
  return undefined;
}

function isAboutType(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || error.status === undefined || saysPartIsMissing(error)) return false;
  return error.status === 415 || (error.status < 500 && /media ?type/i.test(error.message));
}
