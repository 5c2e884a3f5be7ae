import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { currentBranch, isShallow, topLevel } from '../../system/git';
import { tryGit } from '../../system/gitCommand';
import type { Flags } from '../commandLine';
import { catalogOf } from '../deploy/settings';
import { init } from '../init';
import { bad, good, type Check, type Finding } from './check';

/** What the fork's clone needs. */
export function repositoryChecks(flags: Flags, cwd: string): readonly Check[] {
  return [
    { name: 'Repository', needed: true, look: async () => good(await topLevel(cwd)) },
    { name: 'History', needed: false, look: () => history(cwd) },
    { name: 'Catalog', needed: true, look: () => catalog(flags, cwd) },
    { name: 'Dockerfiles', needed: true, look: () => dockerfiles(flags, cwd) },
    { name: 'Upstream branch', needed: false, look: () => upstream(cwd) },
    { name: 'Workflow', needed: false, look: () => workflow(cwd) },
  ];
}

async function history(cwd: string): Promise<Finding> {
  const why = 'the clone is shallow: ancestry, and so whether latest may move, is asked of GitHub or not known';
  return (await isShallow(await topLevel(cwd))) ? bad(why, 'git fetch --unshallow') : good('whole');
}

async function catalog(flags: Flags, cwd: string): Promise<Finding> {
  const { source, images } = await catalogOf(flags, cwd);
  return good(`${images.size} images, ${source ?? 'built in'}`);
}

async function dockerfiles(flags: Flags, cwd: string): Promise<Finding> {
  const [{ images }, top] = await Promise.all([catalogOf(flags, cwd), topLevel(cwd)]);
  const missing: string[] = [];
  for (const { name, dockerfile } of images.values()) {
    const isThere = await access(join(top, dockerfile), constants.R_OK).then(
      () => true,
      () => false,
    );
    if (!isThere) missing.push(`${name}: ${dockerfile}`);
  }
  return missing.length === 0
    ? good(`all ${images.size} are there`)
    : bad(`missing: ${missing.join(', ')}`, 'Run in a clone of the fork, or name the right files in kfp-images.yaml');
}

async function upstream(cwd: string): Promise<Finding> {
  const branch = await currentBranch(cwd);
  if (branch === undefined) return bad('no branch is checked out (detached HEAD)', 'git switch BRANCH');
  const { exitCode, stdout } = await tryGit(cwd, ['rev-parse', '--abbrev-ref', '--symbolic-full-name', '@{upstream}']);
  const name = stdout.toString('utf8').trim();
  if (exitCode === 0) return good(`${branch} pushes to ${name}`);
  return bad(`${branch} has none yet`, 'The first trigger sets it, or: git push --set-upstream origin HEAD');
}

async function workflow(cwd: string): Promise<Finding> {
  const { files } = await init({ cwd, force: false, dryRun: true });
  const found = files.find(({ path }) => path.includes('/workflows/'));
  if (found?.action === 'unchanged') return good(`${found.path} is current`);
  if (found?.action === 'kept') return good(`${found.path} is there, with changes of your own`);
  if (found?.action === 'updated') return bad(`${found.path} is of an older version`, 'kfp-images init');
  return bad('the workflow is not installed', 'kfp-images init');
}
