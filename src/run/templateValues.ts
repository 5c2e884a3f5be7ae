import type { Work } from './context';

/** What templates of tags and build arguments can name. */
export interface TemplateValues extends Readonly<Record<string, string>> {
  readonly sha: string;
  readonly short_sha: string;
  readonly branch: string;
  /** The commit's date, RFC 3339. */
  readonly date: string;
}

/** The values of a run. On a detached HEAD, as on a runner without a branch, the branch is `detached`. */
export function templateValues({ request, source }: Pick<Work, 'request' | 'source'>): TemplateValues {
  const { commit } = source;
  return {
    sha: commit,
    short_sha: commit.slice(0, 7),
    branch: request.event.branch ?? source.branch ?? 'detached',
    date: new Date(source.date * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}
