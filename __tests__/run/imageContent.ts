import { join } from 'node:path';
import { run } from '../../src/system/exec';
import type { TestRegistry } from '../support/registry';
import { manifestOf } from './world';

/**
 * What the image that `latest` names holds in a file; undefined: nothing. The private registry asks for a login that only the run has, so the
 * layers are read from its storage.
 */
export async function contentOf(registry: TestRegistry, name: string, path: string): Promise<string | undefined> {
  const { manifest } = await manifestOf(registry, name, 'latest');
  const blobs = join(registry.dataDir, 'docker/registry/v2/blobs/sha256');
  const texts = await Promise.all(
    manifest.layers.map(async ({ digest }) => {
      const file = join(blobs, digest.slice(7, 9), digest.slice(7), 'data');
      const { exitCode, stdout } = await run({ command: 'tar', args: ['-xzOf', file, path] });
      return exitCode === 0 ? stdout : undefined;
    }),
  );
  return texts.findLast((text) => text !== undefined);
}
