import { createHash } from 'node:crypto';
import { kfpCatalog } from '../../src/catalog/kfp';
import type { LockFile } from '../../src/types';

/** A release set of all images under a registry path; `seed` makes its commit and digests. */
export function lockOf(
  seed: string,
  leaveOut: readonly string[] = [],
  registryPath = 'europe-west3-docker.pkg.dev/p/r',
): LockFile {
  const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
  const names = [...kfpCatalog.images.keys()].filter((name) => !leaveOut.includes(name));
  const images = names.map(
    (name) =>
      [
        name,
        {
          repository: `${registryPath}/${name}`,
          digest: `sha256:${hex(`${seed} ${name}`)}`,
          key: hex(`key ${seed} ${name}`),
        },
      ] as const,
  );
  return { version: 1, commit: hex(seed).slice(0, 40), registryPath, images: Object.fromEntries(images) };
}

/** `REPOSITORY@sha256:…` of an image of a set. */
export function referenceOf(lock: LockFile, name: string): string {
  return `${lock.images[name]?.repository ?? ''}@${lock.images[name]?.digest ?? ''}`;
}
