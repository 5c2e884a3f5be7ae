import { setTimeout as sleep } from 'node:timers/promises';
import { RegistryError } from '../errors';
import type { Registry } from '../types';

const attempts = 4;
const waitMs = 150;

/**
 * The same registry, which puts a manifest again when the registry says that it lacks a part of it. All parts are there before a manifest is
 * put; but a registry that stores an equal part for another run at that moment may not see it for an instant (Distribution on a filesystem
 * writes the link to a blob again each time).
 */
export function patientWithParts(registry: Registry): Registry {
  return {
    ...registry,
    putManifest: async (repository, reference, mediaType, bytes, beforeRepeat) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await registry.putManifest(repository, reference, mediaType, bytes, beforeRepeat);
        } catch (refusal) {
          if (attempt === attempts || !saysPartIsMissing(refusal)) throw refusal;
        }
        await sleep(waitMs * attempt);
        await beforeRepeat?.();
      }
    },
  };
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export function saysPartIsMissing(error: unknown): boolean {
  return error instanceof RegistryError && error.codes.some((code) => /^(MANIFEST_)?BLOB_UNKNOWN$/.test(code));
}
