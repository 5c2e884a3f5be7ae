import type { GitTree } from '../plan/gitTree';

/** The texts of committed files by path; links, submodules and what is not there are left out. */
export async function readFilesAt(tree: GitTree, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const byOid = new Map<string, string[]>();
  for (const path of new Set(paths)) {
    const entry = tree.entry(path);
    if (entry === undefined || entry.mode === '120000' || entry.mode === '160000') continue;
    byOid.set(entry.oid, [...(byOid.get(entry.oid) ?? []), path]);
  }
  const texts = new Map<string, string>();
  await tree.read([...byOid.keys()], (oid, content) => {
    const text = content.toString('utf8');
    for (const path of byOid.get(oid) ?? []) texts.set(path, text);
  });
  return texts;
}
