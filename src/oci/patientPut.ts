import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '../types';
import { empty } from './artifact';
import { digestOf } from './digest';
import { readManifest } from './manifest';
import { saysPartIsMissing } from './refusals';

const attempts = 4;
const waitMs = 150;

/** Larger parts are not kept in mind: those of sets and notes are small. */
const longestPart = 2 ** 20;

interface Part {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/**
 * The same registry by several clients, which puts a manifest again when the registry says that it lacks a part of it. All parts are there before
 * a manifest is put; but a registry that stores an equal part for another run at that moment may not see it for an instant (Distribution on a
 * filesystem writes the link to a blob again each time), and one that deletes what a moved tag named may delete its parts with it (Gitea): small
 * ones that went through here are put again.
 */
export function patientWithParts(registries: readonly Registry[]): readonly Registry[] {
  const known = new Map<string, Part>();
  return registries.map((registry) => patient(registry, known));
}

function patient(registry: Registry, known: Map<string, Part>): Registry {
  const remember = (repository: string, digest: string, part: Part): void => {
    if (part.bytes.length <= longestPart) known.set(`${repository}@${digest}`, part);
  };
  const putParts = async (repository: string, manifest: Uint8Array): Promise<void> => {
    const { config, layers = [] } = readManifest(manifest) ?? {};
    for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
      const part = known.get(`${repository}@${digest}`) ?? (digest === digestOf(empty.bytes) ? empty : undefined);
      if (part !== undefined) await registry.putBlob(repository, part.mediaType, part.bytes);
    }
  };
  return {
    ...registry,
    putBlob: async (repository, mediaType, bytes, ...rest) => {
      const put = await registry.putBlob(repository, mediaType, bytes, ...rest);
      remember(repository, put.digest, { mediaType, bytes });
      return put;
    },
    blob: async (repository, digest, ...rest) => {
      const bytes = await registry.blob(repository, digest, ...rest);
      remember(repository, digest, { mediaType: 'application/octet-stream', bytes });
      return bytes;
    },
    putManifest: async (repository, reference, mediaType, bytes, beforeRepeat) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await registry.putManifest(repository, reference, mediaType, bytes, beforeRepeat);
        } catch (refusal) {
          if (attempt === attempts || !saysPartIsMissing(refusal)) throw refusal;
        }
        await sleep(waitMs * attempt);
        await putParts(repository, bytes);
        await beforeRepeat?.();
      }
    },
  };
}
