import { readBaseConfig } from '../oci/imageConfig';
import { run } from '../system/exec';
import { field, parseJson } from '../system/json';
import type { BaseConfig } from '../types';

/** An image in the engine's own store. */
interface LocalImage {
  /** `sha256:…` */
  readonly id: string;
  readonly config: BaseConfig | undefined;
}

/**
 * An image in the engine's own store, which is what a build uses when it can't ask a registry; undefined: it has none of that name, or no
 * engine answers. https://docs.docker.com/reference/cli/docker/image/inspect/
 */
export async function localImage(reference: string): Promise<LocalImage | undefined> {
  // A reference comes from a Dockerfile: it must not be taken for an option.
  if (reference.startsWith('-')) return undefined;
  try {
    const { exitCode, stdout } = await run({
      command: 'docker',
      args: ['image', 'inspect', '--format', '{{json .}}', reference],
    });
    const found = exitCode === 0 ? parseJson(stdout) : undefined;
    const id = field(found, 'Id');
    if (typeof id !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(id)) return undefined;
    return { id, config: readBaseConfig(field(found, 'Config')) };
  } catch {
    return undefined;
  }
}
