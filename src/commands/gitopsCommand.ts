import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { syncApp } from '../deploy/gitops/argocd';
import { defaultBranch } from '../deploy/gitops/commit';
import { publish, type GitOpsOutcome } from '../deploy/gitops/publish';
import { ownClone, temporaryClone, type GitOpsClone } from '../deploy/gitops/repository';
import { pathRule, placeholderRule } from '../deploy/gitops/rules';
import { wantedImages, type WantedImage } from '../deploy/gitops/wanted';
import { setId } from '../deploy/release';
import { UsageError } from '../errors';
import { visible } from '../report/escape';
import type { LockFile } from '../types';
import type { Flags } from './commandLine';
import { findSet } from './deploy/lock';
import { catalogOf, duration, text, texts } from './deploy/settings';
import { dryRun } from './deploy/work';
import { terminalSession, type Session } from './session';

/**
 * `kfp-images gitops`: writes a release set into the files of a GitOps repository, as one commit or as a merge request, and lets Argo CD
 * take it over. Gives the exit status; throws explained errors.
 */
export async function gitopsCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  const json = flags['json'] === true;
  try {
    const files = texts(flags, 'file').map((path) => path.replace(/^(\.\/)+/, ''));
    if (files.length === 0)
      throw new UsageError('--file names a file of the GitOps repository to write into. Give at least one.');
    const [catalog, { lock }] = await Promise.all([catalogOf(flags, session.cwd), findSet(flags, session)]);
    const images = wantedImages(catalog, lock, texts(flags, 'images'));
    if (images.length === 0) throw new UsageError(`The set of commit ${lock.commit} has none of the images asked for.`);
    const list = (name: string): readonly string[] => repeated(flags[name]);
    const rules = {
      images,
      placeholders: list('set').map((flag) => placeholderRule(flag, images)),
      paths: list('value').map((flag) => pathRule(flag, images)),
    };
    await using clone = await open(flags, session);
    const branch = text(flags, 'branch') ?? (await defaultBranch(clone));
    const title = `Deploy KFP images of ${lock.commit.slice(0, 12)}`;
    const outcome = await publish(clone, {
      rules,
      files,
      branch,
      mergeRequest: flags['mergeRequest'] === true ? { branch: setBranch(lock), title } : undefined,
      message: commitMessage(title, lock, images),
      dryRun: dryRun(flags) !== 'none',
      signal: session.signal,
      onRace: (line) => session.log.info(line),
    });
    for (const warning of outcome.warnings) session.log.warning(warning);
    tell(outcome, session, branch, json);
    const app = text(flags, 'argocdApp');
    if (
      app !== undefined &&
      (outcome.kind === 'pushed' || outcome.kind === 'unchanged') &&
      flags['mergeRequest'] !== true
    ) {
      await argocd(app, flags, session);
    }
    if (json)
      process.stdout.write(
        `${JSON.stringify({ ...outcome, set: setId(lock), setCommit: lock.commit }, undefined, 2)}\n`,
      );
    return 0;
  } finally {
    session.close();
  }
}

/** `--repository`: the path of a clone, or a URL; without it the folder that the command runs in. */
async function open(flags: Flags, session: Session): Promise<GitOpsClone> {
  const given = text(flags, 'repository') ?? '.';
  const path = resolve(session.cwd, given);
  if (existsSync(path) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(given))
    return ownClone(path, text(flags, 'remote') ?? 'origin');
  if (/^[a-z][a-z0-9+.-]*:\/\/|^[^/\s]+@[^/\s]+:/i.test(given) && !given.startsWith('-')) return temporaryClone(given);
  throw new UsageError(`--repository: there is no folder ${path}, and it is no URL either.`);
}

/** The same for the same set, so that a repeat makes no second merge request. */
function setBranch(lock: LockFile): string {
  return `kfp-images/${lock.commit.slice(0, 12)}-${setId(lock).slice(7, 15)}`;
}

function commitMessage(title: string, lock: LockFile, images: readonly WantedImage[]): string {
  const lines = images.map(({ name, reference }) => `${name}: ${reference}`);
  return `${title}\n\nRelease set of commit ${lock.commit} (${setId(lock)}):\n\n${lines.join('\n')}\n`;
}

function tell(outcome: GitOpsOutcome, session: Session, branch: string, json: boolean): void {
  switch (outcome.kind) {
    case 'unchanged':
      session.log.info(`Nothing to change: ${branch} says this set already.`);
      return;
    case 'dry-run':
      if (!json) process.stdout.write(outcome.diff.split('\n').map(visible).join('\n'));
      return;
    case 'exists':
      session.log.info(`The branch ${outcome.branch} has this set already; nothing was pushed.`);
      return;
    case 'pushed':
      session.log.info(`Pushed ${outcome.commit.slice(0, 12)} to ${outcome.branch}.`);
      // A server answers with the address of the merge request.
      for (const line of outcome.serverSays.split('\n').filter((each) => /https?:\/\//.test(each)))
        session.log.info(line.trim());
  }
}

async function argocd(app: string, flags: Flags, session: Session): Promise<void> {
  if (!/^[a-z0-9][a-z0-9./-]*$/.test(app)) throw new UsageError('--argocd-app can be no name of an application.');
  const synced = await syncApp(app, Math.round(duration(flags, 'timeout', 600_000) / 1000));
  if (synced === 'synced') session.log.info(`Argo CD runs it: ${app} is synced and healthy.`);
  else session.log.warning(`The argocd command is not here, so ${app} syncs when its own policy says so.`);
}

/** Texts of a repeatable flag, as they are: a placeholder may hold commas and blanks. */
function repeated(value: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return all.flatMap((each) => (typeof each === 'string' ? [each] : []));
}
