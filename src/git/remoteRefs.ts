/**
 * The commit that a ref is at, by what `git ls-remote` printed; undefined: it is not there. Asked for `refs/heads/main`, git also lists the
 * branch `a/refs/heads/main`, which anyone may make, and before the one that was asked for: https://git-scm.com/docs/git-ls-remote
 */
export function commitOfRef(listing: string, ref: string): string | undefined {
  const lines = listing.split('\n').map((line) => line.split('\t'));
  return lines.find(([id = '', name]) => name === ref && /^[0-9a-f]{40,64}$/.test(id))?.[0];
}
