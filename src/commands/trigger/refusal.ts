import { shown, withoutLogin, type Destination } from './destination';

/** Why a push failed, and whether the commit can have arrived all the same (the connection broke after it was sent). */
export interface Refusal {
  readonly why: string;
  readonly mayHaveArrived: boolean;
}

/** What a failed `git push --porcelain` left, in English. */
interface FailedPush {
  readonly stdout: string;
  readonly stderr: string;
  /** There is a `pre-push` hook. */
  readonly hook: boolean;
}

/** Recognised by what git and GitHub say. The first that fits counts. */
const known: readonly (readonly [RegExp, (place: string) => string])[] = [
  [
    /GH013|repository rule violations|GH006|protected branch/i,
    (place) =>
      `${place} is protected: its rules do not let this commit in. Push to another branch, or have the rule changed.`,
  ],
  [
    /without `?workflows?`? (?:scope|permission)/i,
    () =>
      'the branch changes a workflow file, and your token may not: it needs the scope `workflow` (`gh auth refresh -s workflow`).',
  ],
  [
    /GH007|push would publish a private email/i,
    () =>
      'your commit shows an e-mail address that GitHub keeps private. Use your noreply address: `git config user.email`.',
  ],
  [/GH001|exceeds GitHub's file size limit/i, () => 'a file in it is larger than GitHub takes (100 MB).'],
  [/push protection|GITHUB PUSH PROTECTION|secret.{0,40}detected/i, () => 'the server found a secret in it.'],
];

const transport: readonly (readonly [RegExp, (place: string) => string, boolean])[] = [
  [
    /Authentication failed|could not read (?:Username|Password)|Permission denied \(|terminal prompts disabled|error: 401|Invalid username or (?:password|token)|Password authentication is not supported/i,
    () =>
      'the server does not accept your login. Log in (`gh auth login`, or an SSH key that the server knows) and try again.',
    false,
  ],
  [
    /Permission to \S+ denied|error: 403|Write access to repository not granted|not allowed to push/i,
    (place) => `you may read but not write there. Push to a fork of yours, or ask for write access to ${place}.`,
    false,
  ],
  [
    /Repository not found|does not appear to be a git repository|error: 404|No such file or directory|No such remote|repository '[^']*' not found/i,
    () => 'there is no such repository, or your login may not see it. Check `git remote -v`.',
    false,
  ],
  [
    /Host key verification failed/i,
    () => 'the host key of the server is not known. Connect once with `ssh` to check it.',
    false,
  ],
  [
    /Could not resolve host|Connection refused|Network is unreachable|No route to host|Failed to connect|Could not connect/i,
    () => 'the server could not be reached. Check the network and try again.',
    false,
  ],
  [
    /hung up|Connection (?:reset|timed out|closed)|early EOF|RPC failed|unexpected disconnect|Broken pipe/i,
    () => 'the connection broke. Check the network and try again.',
    true,
  ],
];

/** Explains a failed push in one sentence that starts in lower case, from what git printed. */
export function explainPush(failed: FailedPush, place: Destination): Refusal {
  const where = shown(place);
  const said = `${failed.stdout}\n${failed.stderr}`;
  const rejected = /^!\t[^\t\n]*\t\[([^\]\n]*)\](?: \(([^\n]*)\))?$/m.exec(failed.stdout);
  if (rejected !== null) {
    const [, kind = '', reason = ''] = rejected;
    if (/fetch first|non-fast-forward|stale info/.test(reason)) {
      return certain(
        `${where} has commits that your branch does not have. \`--sync\` merges them in first and keeps what is staged; ` +
          'or `git pull` yourself.',
      );
    }
    const fits = known.find(([pattern]) => pattern.test(said));
    if (fits !== undefined) return certain(fits[1](where));
    if (kind === 'remote failure')
      return { why: 'the server did not say whether it took the commit.', mayHaveArrived: true };
    return certain(
      /hook/.test(reason)
        ? `a hook of the server refused it (${reason}).`
        : `the server refused it (${reason || kind}).`,
    );
  }
  const fits = transport.find(([pattern]) => pattern.test(said));
  if (fits !== undefined) return { why: fits[1](where), mayHaveArrived: fits[2] };
  return failed.hook
    ? { why: 'the pre-push hook of this repository refused it, or git could not push.', mayHaveArrived: true }
    : { why: 'git could not push.', mayHaveArrived: true };
}

function certain(why: string): Refusal {
  return { why, mayHaveArrived: false };
}

/** What a child said, for the end of an error: cleaned, indented, without logins, the last lines of it. */
export function quotedOutput(output: string): string {
  const lines = withoutLogin(output.slice(-8000))
    .replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, '')
    .split(/\r?\n|\r/)
    .map((line) => line.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '').trimEnd())
    .filter((line) => line !== '');
  return lines.length === 0
    ? ''
    : `\n${lines
        .slice(-25)
        .map((line) => `  ${line}`)
        .join('\n')}`;
}
