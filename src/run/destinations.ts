import { resolve } from 'node:path';
import type { Destination } from '../builder/options';
import { UsageError } from '../errors';
import { expandTemplate } from '../system/template';
import type { Inputs } from '../types';
import type { Work } from './work';

/** Throws UsageError where files are asked for and the images are pushed: what is pushed is bound in the registry, and what a build writes is not. */
export function checkDestinations({ push, dryRun, outputs }: Pick<Inputs, 'push' | 'dryRun' | 'outputs'>): void {
  if (outputs.length === 0 || !push || dryRun) return;
  throw new UsageError(
    'outputs writes what a build gives, without the digests that are bound into pushed images. Give push: false with it; ' +
      'a pushed image is saved by its digest, for example `docker pull` and `docker save`, or `skopeo copy docker://… oci:…`.',
  );
}

/** Where an image that is not pushed goes; nothing: into the engine. */
export function destinationsOf(work: Work, image: string): { readonly destinations?: readonly Destination[] } {
  const { inputs } = work;
  if (inputs.push || inputs.outputs.length === 0) return {};
  const { sha, short_sha } = work.values;
  const files = inputs.outputs.map(({ type, dest }) => ({
    type,
    file: resolve(work.folder, expandTemplate(dest, { image, sha, short_sha })),
  }));
  return { destinations: [...files, ...(inputs.load ? [{ type: 'docker' } as const] : [])] };
}
