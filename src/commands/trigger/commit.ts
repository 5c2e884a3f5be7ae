import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { InterruptedError, TriggerError } from '../../errors';
import { selectFromMessage } from '../../event/keywords';
import { commitMessage } from '../../git/git';
import { git, tryGit } from '../../git/gitCommand';
import { commitOfRef } from '../../git/remoteRefs';
import type { Catalog, Command } from '../../types';
import { shown } from './destination';
import type { Facts } from './facts';
import type { TriggerMessage } from './message';
import { explainPush, quotedOutput } from './refusal';
import { changing, execute, type Terminal } from './terminal';
import { position, takeBack, undoneWords, type Position } from './undo';

/** The commit as data: exactly what is staged, the message as it stands, the user's hooks and signing. */
export function commitCommand(top: string, message: string, allowEmpty: boolean, interactive: boolean): Command {
  const empty = allowEmpty ? ['--allow-empty'] : [];
  const args = ['commit', '--quiet', '--cleanup=verbatim', ...empty, `--message=${message}`];
  const command = changing(top, args, interactive);
  // Its output is not read, so the hooks keep the user's language.
  return { ...command, env: { ...command.env, LC_ALL: process.env['LC_ALL'] ?? '' } };
}

/** The push as data: this one branch to that one branch, never forced, no tags along, whatever `push.default` says. */
export function pushCommand(facts: Facts, interactive: boolean): Command {
  const { remote, branch, setUpstream } = facts.destination;
  const flags = ['--porcelain', '--no-follow-tags', ...(setUpstream ? ['--set-upstream'] : [])];
  const refspec = `refs/heads/${facts.branch}:refs/heads/${branch}`;
  return changing(facts.top, ['push', ...flags, remote, refspec], interactive);
}

/**
 * Commits and pushes; gives the commit. Whatever goes wrong after the commit was made, and also an interruption, takes it
 * back, unless it did arrive. Throws TriggerError with what happened, or InterruptedError.
 */
export async function commitAndPush(
  facts: Facts,
  commands: { readonly commit: Command; readonly push: Command },
  message: TriggerMessage,
  catalog: Catalog,
  terminal: Terminal,
): Promise<{ readonly commit: string; readonly remarks: readonly string[] }> {
  const before = await position(facts);
  const committed = await execute(facts.top, commands.commit, terminal);
  const after = await position(facts);
  const undo = async (): Promise<string> => undoneWords(await takeBack(facts, after, before), facts, after.commit);

  if (after.commit === before.commit) {
    if (isStopped(terminal)) throw interrupted(terminal, 'Nothing was committed.');
    throw new TriggerError(refusedCommit(committed.stderr, committed.stdout));
  }
  await expectOurs(facts, before, after);
  if (isStopped(terminal)) throw interrupted(terminal, await undo());
  if (!committed.ok)
    throw new TriggerError(`git reported a failed commit.${quotedOutput(committed.stderr)}\n${await undo()}`);
  const lost = await lostImages(facts, after.commit, message, catalog);
  if (lost.length > 0) {
    throw new TriggerError(
      `A hook of this repository changed the commit message: it does not name ${lost.join(', ')} any more, so nothing would ` +
        `be built. ${await undo()}`,
    );
  }

  const pushed = await execute(facts.top, commands.push, terminal);
  if (pushed.ok) return { commit: after.commit, remarks: remoteWords(pushed.stderr) };
  const hook = existsSync(resolve(facts.top, await hookPath(facts.top)));
  const { why, mayHaveArrived } = explainPush({ ...pushed, hook }, facts.destination);
  const stopped = isStopped(terminal);
  const arrived = mayHaveArrived || stopped ? await remoteHas(facts, after.commit) : 'no';
  if (arrived === 'yes') {
    return {
      commit: after.commit,
      remarks: ['git reported a failure, but the commit has arrived.', ...remoteWords(pushed.stderr)],
    };
  }
  const unknown =
    arrived === 'unknown'
      ? '\nThe server could not be asked whether the commit arrived; if it did, `git pull` brings it back.'
      : '';
  if (stopped) throw interrupted(terminal, `${await undo()}${unknown}`);
  throw new TriggerError(
    `The push to ${shown(facts.destination)} failed: ${why}${quotedOutput(pushed.stdout + pushed.stderr)}\n${await undo()}${unknown}`,
  );
}

/** A call, because a signal arrives between two looks at the same property. */
function isStopped({ signal }: Terminal): boolean {
  return signal.aborted;
}

/** The end of a run that was interrupted, with what that left. */
export function interrupted({ signal }: Terminal, words: string): InterruptedError {
  const why: unknown = signal.reason;
  const error = new InterruptedError(why instanceof InterruptedError && why.exitCode === 143 ? 'SIGTERM' : 'SIGINT');
  error.message += ` ${words}`;
  return error;
}

function refusedCommit(stderr: string, stdout: string): string {
  const said = `${stdout}\n${stderr}`;
  const why = /index\.lock|Unable to create '.*\.lock'/.test(said)
    ? 'Another git process works in this repository, or one that crashed left its lock. Wait for it, or remove the lock file that git names.'
    : /gpg failed to sign|failed to write commit object/.test(said)
      ? 'The commit could not be signed. Check the signing key, or the passphrase prompt (`export GPG_TTY=$(tty)`).'
      : 'git did not make the commit; a hook of this repository may have refused it.';
  return `${why} Nothing was committed, and what was staged is still staged.${quotedOutput(said)}`;
}

async function expectOurs(facts: Facts, before: Position, after: Position): Promise<void> {
  const parent = await tryGit(facts.top, ['rev-parse', '--verify', '--quiet', `${after.commit}^1`]);
  if (parent.stdout.toString('utf8').trim() === before.commit) return;
  throw new TriggerError(
    `${facts.branch} moved while the commit was made: it is at ${after.commit.slice(0, 12)}, which does not follow ` +
      `${before.commit.slice(0, 12)}. Nothing was pushed and nothing was taken back; see \`git log\`.`,
  );
}

/** Images that were to be named and are not, after the commit-msg hooks. */
async function lostImages(
  facts: Facts,
  commit: string,
  message: TriggerMessage,
  catalog: Catalog,
): Promise<readonly string[]> {
  const found = new Set(selectFromMessage(await commitMessage(facts.top, commit), catalog).images);
  return message.selection.images.filter((image) => !found.has(image));
}

/** Asks the remote, without questions to the user, whether its branch is at our commit. */
async function remoteHas(facts: Facts, commit: string): Promise<'yes' | 'no' | 'unknown'> {
  const { remote, branch } = facts.destination;
  const ref = `refs/heads/${branch}`;
  const command = changing(facts.top, ['ls-remote', remote, ref], false);
  const asked = await execute(facts.top, command, { interactive: false, signal: AbortSignal.timeout(20_000) });
  if (!asked.ok) return 'unknown';
  return commitOfRef(asked.stdout, ref) === commit ? 'yes' : 'no';
}

/** What the server said (GitHub offers to open a pull request), one line each. */
function remoteWords(stderr: string): readonly string[] {
  return quotedOutput(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^remote:\s*\S/.test(line));
}

async function hookPath(top: string): Promise<string> {
  const path = await git(top, 'find the hooks', ['rev-parse', '--git-path', 'hooks/pre-push'], {
    changes: true,
  });
  return path.toString('utf8').replace(/\n$/, '');
}
