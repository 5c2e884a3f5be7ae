import { run } from '../system/exec';

/**
 * Id of an image in the engine's own store (`sha256:…`), which is what a build uses when it can't ask a registry; undefined: it has none
 * of that name, or no engine answers. https://docs.docker.com/reference/cli/docker/image/inspect/
 */
export async function localImage(reference: string): Promise<string | undefined> {
  // A reference comes from a Dockerfile: it must not be taken for an option.
  if (reference.startsWith('-')) return undefined;
  try {
    const { exitCode, stdout } = await run({
      command: 'docker',
      args: ['image', 'inspect', '--format', '{{.Id}}', reference],
    });
    const id = stdout.trim();
    return exitCode === 0 && /^sha256:[0-9a-f]{64}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
