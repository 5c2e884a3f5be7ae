/*
 * Compares the files that src/plan finds for each Go image of the built-in catalog with what `go list -deps` says, at
 * given revisions of a real repository:
 *
 *   node script/ts.mjs __tests__/plan/checkGoClosure.ts REPOSITORY REVISION…
 *
 * Needs Go and, for modules outside of the repository, its proxy. Uses a clone in a temporary folder; REPOSITORY stays
 * untouched.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kfpCatalog } from '../../src/catalog/kfp';
import { git } from '../../src/git/gitCommand';
import { byGo, byUs } from './goList';

async function check(folder: string, revision: string): Promise<void> {
  await git(folder, 'check out', ['checkout', '--quiet', '--force', '--detach', revision]);
  for (const { name, dockerfile, inputs } of kfpCatalog.images.values()) {
    if (inputs.kind !== 'go') continue;
    const theirs = await byGo(folder, { mainPackage: inputs.mainPackage });
    const ours = await byUs(folder, dockerfile, inputs.mainPackage);
    const missing = theirs.filter((path) => !ours.includes(path));
    const extra = ours.filter((path) => !theirs.includes(path));
    const equal = missing.length + extra.length === 0;
    console.log(`${revision} ${name}: ${ours.length} files, ${equal ? 'equal' : 'DIFFERENT'}`);
    for (const path of missing) console.log(`  only go list: ${path}`);
    for (const path of extra) console.log(`  only here:    ${path}`);
    if (!equal) process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const [repository, ...revisions] = process.argv.slice(2);
  if (repository === undefined || revisions.length === 0) throw new Error('usage: REPOSITORY REVISION…');
  const folder = mkdtempSync(join(tmpdir(), 'go-closure-'));
  try {
    await git('/', 'clone', ['clone', '--quiet', '--shared', '--no-checkout', repository, folder]);
    for (const revision of revisions) await check(folder, revision);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((thrown: unknown) => {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
});
