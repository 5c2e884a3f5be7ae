import { compare } from '../event/github';
import { ancestryFromComparison, firstToKnow, type IsAncestor } from '../publish/ancestry';
import { isAncestor } from '../system/git';
import type { GithubAccess } from './context';

/** Who knows whether one commit is an ancestor of another: git where the history is here, else GitHub. */
export function ancestry(top: string, github: GithubAccess | undefined): IsAncestor {
  const here: IsAncestor = (a, b) => isAncestor(top, a, b);
  if (github === undefined) return firstToKnow([here]);
  const { repository, token } = github;
  return firstToKnow([here, async (a, b) => ancestryFromComparison(await compare(repository, a, b, token))]);
}
