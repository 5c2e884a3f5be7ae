import { setTimeout as sleep } from 'node:timers/promises';
import { DeployError } from '../../errors';
import { diffOf, fetchBranch, hasOthersWork, makeCommit, readFiles, requireBranchName } from './commit';
import type { Edit } from './assignment';
import { editFiles, type EditedFile, type EditRules } from './edits';
import { said, type GitOpsClone } from './repository';
import type { WantedImage } from './wanted';
import { requireWholeSet } from './wholeSet';

/** What is to be written, and where. */
export interface GitOpsRequest {
  readonly rules: EditRules;
  /** Paths of files in the repository. */
  readonly files: readonly string[];
  /** What the images are deployed from. */
  readonly branch: string;
  /** A branch of its own and a merge request; its name is the same for the same set. */
  readonly mergeRequest: { readonly branch: string; readonly title: string } | undefined;
  readonly message: string;
  readonly dryRun: boolean;
  /** Asked before anything is pushed; throws when the edit must not be. Gives warnings. */
  readonly check?: (edited: CheckedEdit) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  /** A line for each lost race. */
  readonly onRace: (line: string) => void;
}

/** An edit that is proven file by file, before it becomes a commit. */
export interface CheckedEdit {
  readonly clone: GitOpsClone;
  /** The commit that it is made on. */
  readonly base: string;
  readonly files: readonly EditedFile[];
  readonly images: readonly WantedImage[];
}

/** How it ended. */
export type GitOpsOutcome = {
  readonly warnings: readonly string[];
  /** As `git diff` shows it; empty: nothing to change. */
  readonly diff: string;
  /** The changes that the diff is made of. */
  readonly edits: readonly Edit[];
} & (
  | { readonly kind: 'unchanged' | 'dry-run' }
  | {
      readonly kind: 'pushed' | 'exists';
      readonly branch: string;
      readonly commit: string;
      readonly serverSays: string;
    }
);

/** Twenty who push at once need twenty tries for the last of them. */
const attempts = 100;

/** Milliseconds; with twenty about this long goes by until all have had their turn. */
const longestPause = 6000;

/**
 * Writes the set into the files and pushes one commit. Someone else's push in between is not a failure: what they pushed is fetched, the edits
 * are recreated on it, and it is pushed again, so that nothing of theirs is lost and nothing can conflict. Throws UsageError, DeployError.
 */
export async function publish(clone: GitOpsClone, request: GitOpsRequest): Promise<GitOpsOutcome> {
  const { branch, mergeRequest, signal } = request;
  await requireBranchName(clone, branch);
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const base = await fetchBranch(clone, branch);
    if (base === undefined)
      throw new DeployError(`The GitOps repository has no branch ${branch}. Give another one (--branch).`);
    const made = await editAt(clone, base, request);
    const { warnings, commit, edits } = made;
    if (commit === undefined) return { kind: 'unchanged', warnings, diff: '', edits };
    const target = mergeRequest?.branch ?? branch;
    const diff = (): Promise<string> => diffOf(clone, base, commit);
    if (request.dryRun) return { kind: 'dry-run', warnings, diff: await diff(), edits };
    const standing = mergeRequest === undefined ? base : await fetchBranch(clone, target);
    const common = { warnings, edits, branch: target };
    const asIs = async (at: string): Promise<GitOpsOutcome> => ({
      kind: 'exists',
      commit: at,
      serverSays: '',
      diff: await diff(),
      ...common,
    });
    let ours = commit;
    if (mergeRequest !== undefined && standing !== undefined) {
      if (await isUpToDate(clone, standing, base, request)) return await asIs(standing);
      // What a reviewer committed there stays: ours goes on top of it, or nothing does.
      if (await hasOthersWork(clone, base, standing, request.message)) {
        const onTop = (await editAt(clone, standing, request)).commit;
        if (onTop === undefined) return await asIs(standing);
        ours = onTop;
      }
    }
    const pushed = await push(
      clone,
      ours,
      target,
      standing,
      mergeRequest === undefined ? undefined : { ...mergeRequest, branch },
    );
    if (pushed.kind === 'pushed')
      return { kind: 'pushed', commit: ours, serverSays: pushed.words, diff: await diff(), ...common };
    if (pushed.kind === 'refused' || attempt === attempts) {
      throw new DeployError(
        `The push to ${target} was refused:\n  ${pushed.words}\nNothing was changed there.${mergeRequest === undefined ? instead(pushed.words) : ''}`,
      );
    }
    request.onRace(`someone else pushed to ${target} first; trying again (${attempt + 1})`);
    await sleep(Math.random() * Math.min(longestPause, 100 * 2 ** attempt), undefined, { signal }).catch(
      () => undefined,
    );
  }
}

/** What to do where a branch takes no pushes: GitHub's words are "protected branch hook declined", GitLab's and Gitea's name it too. */
function instead(words: string): string {
  return /protected branch|branch .*protected|GH006|GH013|pull request/i.test(words)
    ? ' The branch is protected: give --merge-request, which pushes a branch of its own.'
    : '';
}

async function editAt(
  clone: GitOpsClone,
  base: string,
  { files, rules, message, check }: GitOpsRequest,
): Promise<{
  readonly commit: string | undefined;
  readonly warnings: readonly string[];
  readonly edits: readonly Edit[];
}> {
  const before = await readFiles(clone, base, files);
  const edited = editFiles(before, rules);
  const warnings = [...edited.warnings, ...requireWholeSet(edited.files, rules, edited.warnings)];
  const edits = edited.files.flatMap((file) => file.edits);
  const changed = edited.files.flatMap((file, index) =>
    file.before === file.after ? [] : [{ ...file, mode: before[index]?.mode ?? '100644' }],
  );
  if (changed.length === 0) return { commit: undefined, warnings, edits };
  const more = (await check?.({ clone, base, files: edited.files, images: rules.images })) ?? [];
  const commit = await makeCommit(clone, base, changed, message);
  return { commit, warnings: [...warnings, ...more], edits };
}

/** Does the set's branch say what it should, on top of where the target branch is now? Then a second push would only make noise. */
async function isUpToDate(
  clone: GitOpsClone,
  standing: string,
  base: string,
  { files, rules }: GitOpsRequest,
): Promise<boolean> {
  if ((await clone.git(['merge-base', '--is-ancestor', base, standing])).exitCode !== 0) return false;
  const edited = editFiles(await readFiles(clone, standing, files), rules);
  return edited.files.every(({ before, after }) => before === after);
}

type Pushed =
  { readonly kind: 'pushed'; readonly words: string } | { readonly kind: 'lost' | 'refused'; readonly words: string };

/**
 * Pushes a commit to a branch that stood at `standing`; a merge request is asked for by push options, which GitLab understands
 * (https://docs.gitlab.com/user/project/push_options/) and others do not advertise.
 */
async function push(
  clone: GitOpsClone,
  commit: string,
  branch: string,
  standing: string | undefined,
  mergeRequest: { readonly branch: string; readonly title: string } | undefined,
): Promise<Pushed> {
  const ref = `refs/heads/${branch}`;
  const lease = `--force-with-lease=${ref}:${standing ?? ''}`;
  const options =
    mergeRequest === undefined
      ? []
      : [
          'merge_request.create',
          `merge_request.target=${mergeRequest.branch}`,
          `merge_request.title=${mergeRequest.title}`,
        ].map((option) => `--push-option=${option}`);
  for (const given of options.length === 0 ? [options] : [options, []]) {
    const args = [
      'push',
      '--porcelain',
      ...(mergeRequest === undefined ? [] : [lease]),
      ...given,
      clone.remote,
      `${commit}:${ref}`,
    ];
    const { exitCode, stdout, stderr } = await clone.git(args);
    const words = said(`${stdout.toString('utf8')}\n${stderr}`);
    if (exitCode === 0) return { kind: 'pushed', words: said(stderr) };
    if (given.length > 0 && /does not support push options|receiving end does not support/.test(words)) continue;
    const isLost =
      /non-fast-forward|fetch first|stale info|cannot lock ref|failed to update ref|incorrect old value|reference already exists/.test(
        words,
      );
    return { kind: isLost ? 'lost' : 'refused', words };
  }
  return { kind: 'refused', words: 'the server takes no push options' };
}
