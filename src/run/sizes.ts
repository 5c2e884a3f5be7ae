import { readManifest } from '../publish/manifest';
import type { Registry } from '../types';

/** Image → bytes of its layers, compressed (for several platforms: of all). What can't be read is left out: only the summary wants it. */
export async function layerSizes(
  registry: Registry,
  images: readonly { readonly name: string; readonly repository: string; readonly digest: string | undefined }[],
): Promise<ReadonlyMap<string, number>> {
  const sizeOf = async (repository: string, digest: string, depth: number): Promise<number> => {
    const manifest = await registry.manifest(repository, digest);
    const content = manifest === undefined ? undefined : readManifest(manifest.bytes);
    if (content === undefined || depth > 2) return 0;
    const children = content.children.filter(({ isPlatform }) => isPlatform);
    const inner = await Promise.all(children.map((child) => sizeOf(repository, child.digest, depth + 1)));
    return [...content.layers.map(({ size }) => size), ...inner].reduce((sum, size) => sum + size, 0);
  };
  const sizes = await Promise.all(
    images.map(async ({ name, repository, digest }) => {
      const size = digest === undefined ? 0 : await sizeOf(repository, digest, 0).catch(() => 0);
      return [name, size] as const;
    }),
  );
  return new Map(sizes.filter(([, size]) => size > 0));
}
