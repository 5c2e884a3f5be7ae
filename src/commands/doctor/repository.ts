import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { currentBranch, isShallow, topLevel } from '../../git/git';
import { tryGit } from '../../git/gitCommand';
import { LeftOut } from '../../git/sparse';
import { readCatalog, type CatalogPlace } from '../catalog';
import { paths } from '../init/decide';
import { readPlain } from '../init/files';
import { init } from '../init/init';
import { called } from '../init/origin';
import { bad, good, type Check, type Finding } from './check';

/** What the fork's clone needs. */
export function repositoryChecks(place: CatalogPlace): readonly Check[] {
  const { cwd } = place;
  return [
    { name: 'Repository', needed: true, look: async () => good(await topLevel(cwd)) },
    { name: 'History', needed: false, look: () => history(cwd) },
    { name: 'Catalog', needed: true, look: () => catalog(place) },
    { name: 'Dockerfiles', needed: true, look: () => dockerfiles(place) },
    { name: 'Upstream branch', needed: false, look: () => upstream(cwd) },
    { name: 'Workflow', needed: false, look: () => workflow(cwd) },
  ];
}

async function history(cwd: string): Promise<Finding> {
  const why = 'the clone is shallow: ancestry, and so whether latest may move, is asked of GitHub or not known';
  return (await isShallow(await topLevel(cwd))) ? bad(why, 'git fetch --unshallow') : good('whole');
}

async function catalog(place: CatalogPlace): Promise<Finding> {
  const { source, images } = await readCatalog(place);
  return good(`${images.size} images, ${source ?? 'built in'}`);
}

async function dockerfiles(place: CatalogPlace): Promise<Finding> {
  const [{ images }, top] = await Promise.all([readCatalog(place), topLevel(place.cwd)]);
  const leftOut = await LeftOut.of(top);
  const missing: string[] = [];
  for (const { name, dockerfile } of images.values()) {
    const isThere = await access(join(top, dockerfile), constants.R_OK).then(
      () => true,
      () => false,
    );
    if (!isThere && !leftOut.has(dockerfile)) missing.push(`${name}: ${dockerfile}`);
  }
  return missing.length === 0
    ? good(`all ${images.size} are there`)
    : bad(
        `missing: ${missing.join(', ')}`,
        'Run in a clone of the fork, or name the right files in kfp-images.yaml; kfp-images init proposes one',
      );
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
  const path = paths.workflow;
  const top = await topLevel(cwd);
  const text = (await readPlain(top, path)) ?? (await (await LeftOut.of(top, [path])).text(path));
  if (text === undefined) return bad('the workflow is not installed', 'kfp-images init');
  if (text.includes(' OWNER/kfp-images/'))
    return bad(`${path} still calls OWNER/kfp-images`, 'Put the owner and a commit of kfp-images there');
  if (called(text) === undefined)
    return bad(`${path} is another workflow than that of kfp-images`, 'kfp-images init --force');
  const { files } = await init({ cwd, force: false, dryRun: true });
  const action = files.find((file) => file.path === path)?.action;
  if (action === 'unchanged') return good(`${path} is current`);
  if (action === 'updated') return bad(`${path} is of an older version`, 'kfp-images init');
  return good(`${path} is there, with changes of your own`);
}
