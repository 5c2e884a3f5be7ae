import { currentBranch, resolveCommit } from '../../git/git';
import { tryGit } from '../../git/gitCommand';
import type { Facts } from './facts';
import { readIndex, restoreIndex, type IndexBytes } from './gitIndex';

/** Where the branch and the index stood at one moment. */
export interface Position {
  readonly commit: string;
  readonly index: IndexBytes;
}

/** What taking a commit back came to. */
export type Undone =
  /** Branch and index are what they were, byte by byte. */
  | { readonly kind: 'restored' }
  /** The branch is back; the index was changed by somebody else meanwhile and was left alone. It still holds everything. */
  | { readonly kind: 'index-kept' }
  /** The branch has moved on, so nothing was touched. */
  | { readonly kind: 'kept'; readonly why: string };

/** The branch's commit and the index as they are now. */
export async function position(facts: Facts): Promise<Position> {
  return { commit: await resolveCommit(facts.top, 'HEAD'), index: await readIndex(facts.index) };
}

/**
 * Takes the branch from `now` back to `before`. Only if it is still where we left it: the ref is changed by
 * compare-and-swap, and the index is put back only if nobody has changed it since. Files are not touched.
 */
export async function takeBack(facts: Facts, now: Position, before: Position): Promise<Undone> {
  if ((await currentBranch(facts.top)) !== facts.branch) {
    return { kind: 'kept', why: `another branch than ${facts.branch} is checked out by now` };
  }
  if (now.commit !== before.commit) {
    const moved = await tryGit(facts.top, [
      'update-ref',
      '-m',
      'kfp-images trigger: take back what was not pushed',
      `refs/heads/${facts.branch}`,
      before.commit,
      now.commit,
    ]);
    if (moved.exitCode !== 0) return { kind: 'kept', why: `${facts.branch} has moved on meanwhile` };
  }
  return (await restoreIndex(facts.index, before.index, now.index)) ? { kind: 'restored' } : { kind: 'index-kept' };
}

/** What became of the commit, for the end of an error. */
export function undoneWords(undone: Undone, facts: Facts, made: string): string {
  switch (undone.kind) {
    case 'restored':
      return 'The commit was taken back: HEAD and the index are as before, everything is still staged.';
    case 'index-kept':
      return 'The commit was taken back. The index was changed by another program meanwhile, so it was left as it is; it still holds what was staged.';
    case 'kept':
      return (
        `The commit ${made.slice(0, 12)} was left on ${facts.branch}, because ${undone.why}. ` +
        `Push it with \`git push\`, or take it back with \`git reset --soft ${made.slice(0, 12)}^\`.`
      );
  }
}
