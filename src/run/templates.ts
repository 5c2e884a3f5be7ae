import { rfc3339 } from '../builder/commitDate';
import { toTag } from '../oci/names';
import { expandTags } from '../publish/tags';
import type { Event, Inputs } from '../types';
import type { Source } from './source';

/** What a run calls things: templates filled in. */
export interface Names {
  /** Whose caches are read: this run's branch, which also gets what it adds, and the default one. undefined: there is none. */
  readonly branch: string | undefined;
  /** For templates of build arguments. */
  readonly values: TemplateValues;
  /** Of each image. */
  readonly tags: readonly string[];
}

/** What templates of tags and build arguments can name. */
interface TemplateValues extends Readonly<Record<string, string>> {
  readonly sha: string;
  readonly short_sha: string;
  readonly branch: string;
  /** The commit's date, RFC 3339. */
  readonly date: string;
}

/** The values of a run. On a detached HEAD, as on a runner without a branch, the branch is `detached`. */
export function templateValues(
  { commit, date }: Pick<Source, 'commit' | 'date'>,
  branch: string | undefined,
): TemplateValues {
  return {
    sha: commit,
    short_sha: commit.slice(0, 7),
    branch: branch ?? 'detached',
    date: rfc3339(date),
  };
}

/** What a run of this commit calls things. Throws UsageError for a tag that can't be one. */
export function namesOf(
  inputs: Pick<Inputs, 'tags'>,
  event: Pick<Event, 'branch' | 'tag' | 'pullRequest'>,
  source: Pick<Source, 'commit' | 'date' | 'branch'>,
): Names {
  const branch = event.branch ?? source.branch;
  const values = templateValues(source, branch);
  return { branch, values, tags: expandTags(inputs.tags, tagValues(values, event), source.commit) };
}

/** The values of tags: those of a run, its date as YYYYMMDD, and what only some runs have. */
function tagValues(
  values: TemplateValues,
  { tag = '', pullRequest }: Pick<Event, 'tag' | 'pullRequest'>,
): Readonly<Record<string, string>> {
  // https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string
  const [, version] =
    /^v?((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/.exec(tag) ?? [];
  return {
    ...values,
    branch: toTag(values.branch),
    date: values.date.slice(0, 10).replaceAll('-', ''),
    ...(version === undefined ? {} : { version: toTag(version) }),
    ...(pullRequest === undefined ? {} : { pr: String(pullRequest) }),
  };
}
