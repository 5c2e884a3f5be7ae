import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must, type GitOpsClone } from './repository';

/** Paths of all files of a commit. Throws DeployError. */
export async function pathsOf({ git }: GitOpsClone, commit: string): Promise<readonly string[]> {
  const listed = await must(git, 'list the files', ['ls-tree', '-r', '-z', '--name-only', commit]);
  return listed.toString('utf8').split('\0').slice(0, -1);
}

/**
 * Writes the files of a commit into a folder of the clone's scratch, for programs that render them. Symbolic links become plain files, so
 * that none leads out of it; nothing of the user's own files or index is touched. Gives the folder. Throws DeployError.
 */
export async function writeTree({ git, scratch }: GitOpsClone, commit: string, name: string): Promise<string> {
  const folder = join(scratch, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const env = { GIT_INDEX_FILE: join(scratch, `${name}.index`) };
  await must(git, 'read the tree', ['read-tree', commit], { env });
  await must(
    git,
    'write the files of the commit',
    [
      '-c',
      'core.symlinks=false',
      '-c',
      'core.autocrlf=false',
      `--work-tree=${folder}`,
      'checkout-index',
      '--all',
      '--force',
      '--quiet',
    ],
    { env },
  );
  return folder;
}
