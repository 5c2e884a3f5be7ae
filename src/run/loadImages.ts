import { createDockerLogin } from '../docker/dockerLogin';
import { EnvironmentError } from '../errors';
import { commitTag } from '../publish/tags';
import { run } from '../system/exec';
import type { LockFile } from '../types';
import { pushedName, type Access } from './access';
import type { RunPorts } from './ports';

/**
 * Brings the images of a published set into the Docker engine of this machine, by digest, under the commit's tag.
 * Throws EnvironmentError: the engine can't get one of them.
 */
export async function loadSet(
  access: Access,
  lock: LockFile,
  folder: string,
  ports: Pick<RunPorts, 'env' | 'log'>,
): Promise<void> {
  const { env } = await createDockerLogin(folder, access.pushHost, await access.login(), ports.env);
  for (const { repository, digest } of Object.values(lock.images)) {
    const tag = `${repository}:${commitTag(lock.commit)}`;
    const pushed = `${pushedName(access, repository)}@${digest}`;
    for (const args of [
      ['pull', '--quiet', pushed],
      ['tag', pushed, tag],
    ]) {
      const { exitCode, stderr } = await run({ command: 'docker', args, env });
      if (exitCode !== 0) {
        throw new EnvironmentError(
          `The images are published, but load: true could not bring ${pushed} into the Docker engine: ${stderr.trim().slice(0, 500)}`,
        );
      }
    }
    ports.log.info(`${tag} is in the Docker engine.`);
  }
}
