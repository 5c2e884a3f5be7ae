import type { CatalogImage } from '../types';

/** What an image is built for, sorted: its own platforms, else those of the run. */
export function platformsOfImage(
  { platforms }: Pick<CatalogImage, 'platforms'>,
  ofRun: readonly string[],
): readonly string[] {
  return [...new Set(platforms ?? ofRun)].sort();
}
