import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { syncApp } from '../../deploy/gitops/argocd';
import { defaultBranch } from '../../deploy/gitops/commit';
import { publish, type GitOpsOutcome } from '../../deploy/gitops/publish';
import { ownClone, temporaryClone, type GitOpsClone } from '../../deploy/gitops/repository';
import type { EditedFile, EditRules } from '../../deploy/gitops/edits';
import { checkRendered } from '../../deploy/gitops/render';
import { pathRule, placeholderRule } from '../../deploy/gitops/rules';
import { wantedImages, type WantedImage } from '../../deploy/gitops/wanted';
import { setId } from '../../deploy/release';
import { UsageError } from '../../errors';
import { visible } from '../../report/escape';
import { quoted } from '../../system/quoted';
import type { LockFile } from '../../types';
import { catalogPlace, readCatalog } from '../catalog';
import { defineCommand } from '../command';
import { checkSkew } from '../deploy/registryFacts';
import { requirePublished, requireTags } from './published';
import { findSet } from '../releaseSet';
import type { Session } from '../session';
import { duration, setFlags, setInputs } from '../sharedFlags';
import { refuseUnsigned, requiredSigners, signatureFlags } from '../signature';

/** As one commit or as a merge request; then Argo CD takes it over where that is asked for. */
export const gitopsCommand = defineCommand({
  name: 'gitops',
  description:
    'Write a release set into a GitOps repository, as one commit or a merge request; only the images change.',
  inputs: setInputs,
  flags: {
    ...setFlags,
    file: {
      kind: 'list',
      value: '<path>',
      required: true,
      description: 'a file in the repository to write to; may be repeated',
    },
    repository: {
      kind: 'text',
      value: '<path|url>',
      description: 'a clone of the repository, or its URL (default: this folder)',
    },
    images: { kind: 'list', value: '<list>', description: 'names or groups (default: all of the set)' },
    set: {
      kind: 'repeated',
      value: '<text=image>',
      description: 'replace this text, a whole value, by that image; may be repeated',
    },
    value: {
      kind: 'repeated',
      value: '<path=image>',
      description: 'a value by its path: PATH=IMAGE[:repository|registry|path|digest|commit]; may be repeated',
    },
    'baked-variables': {
      kind: 'switch',
      description: 'the Deployment sets no V2_ variables (up to KFP 2.4.1), so those in the image are used',
    },
    branch: { kind: 'text', value: '<name>', description: 'branch to push to (default: that of the remote)' },
    remote: { kind: 'text', value: '<name>', description: 'remote to push to (default: origin)' },
    'merge-request': {
      kind: 'switch',
      description: 'push a branch named after the set, as a merge request where the server can',
    },
    'argocd-app': { kind: 'text', value: '<name>', description: 'then sync this application of Argo CD and wait' },
    timeout: {
      kind: 'text',
      value: '<duration>',
      description: 'how long Argo CD may take: 90s, 10m (default: 10m)',
    },
    ...signatureFlags,
    check: { kind: 'switch', description: 'show what a push would change, and exit with 1 if anything would' },
    'dry-run': { kind: 'switch', description: 'show what a push would change' },
  },
  examples: [
    'gitops --file kustomization.yaml --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY --dry-run',
    'gitops --repository git@github.com:OWNER/deployments.git --file kfp/values.yaml --value apiServer.image=apiserver --lock kfp-images.lock.json --merge-request',
  ],
  async run(call) {
    const { flags, session } = call;
    const files = [...new Set(flags.file.map(pathInRepository))];
    if (files.length === 0)
      throw new UsageError('--file names a file of the GitOps repository to write into. Give at least one.');
    const [catalog, found] = await Promise.all([readCatalog(catalogPlace(call)), findSet(call)]);
    const { lock, access } = found;
    await refuseUnsigned(found, await requiredSigners(call));
    const images = wantedImages(catalog, lock, flags.images);
    if (images.length === 0) throw new UsageError(`The set of commit ${lock.commit} has none of the images asked for.`);
    const rules = {
      images,
      placeholders: flags.set.map((flag) => placeholderRule(flag, images)),
      paths: flags.value.map((flag) => pathRule(flag, images)),
      bakedVariables: flags['baked-variables'],
    };
    const unasked = await requirePublished(images, access, flags.lock !== undefined);
    if (unasked.length === 0) await checkSkew(catalog, found, session.log);
    const mergeRequest = flags['merge-request'];
    await using clone = await open(flags.repository ?? '.', flags.remote ?? 'origin', session.cwd);
    const branch = flags.branch ?? (await defaultBranch(clone));
    const title = `Deploy KFP images of ${lock.commit.slice(0, 12)}`;
    const outcome = await publish(clone, {
      rules,
      files,
      branch,
      mergeRequest: mergeRequest ? { branch: setBranch(lock, branch, rules, files), title } : undefined,
      message: commitMessage(title, lock, images),
      dryRun: flags.check || flags['dry-run'],
      check: async (edited) => {
        if (access !== undefined && unasked.length === 0) await requireTags(tagged(edited.files, images), access);
        const { notes, warnings } = await checkRendered(edited, session.signal);
        for (const note of notes) session.log.info(note);
        return warnings;
      },
      signal: session.signal,
      onRace: (line) => session.log.info(line),
    });
    for (const warning of [...unasked, ...outcome.warnings]) session.log.warning(warning);
    report(outcome, session, branch);
    const app = flags['argocd-app'];
    if (
      app !== undefined &&
      !flags.check &&
      (outcome.kind === 'pushed' || outcome.kind === 'unchanged') &&
      !mergeRequest
    ) {
      await argocd(app, flags.timeout, session);
    }
    return {
      document: { ...outcome, set: setId(lock), setCommit: lock.commit },
      text: outcome.kind === 'dry-run' ? changesText(outcome) : undefined,
      exitCode: flags.check && outcome.kind === 'dry-run' ? 1 : 0,
    };
  },
});

/** A file as git names it: from the top of the repository, without steps that lead nowhere. Throws UsageError. */
function pathInRepository(given: string): string {
  const path = posix.normalize(given).replace(/\/$/, '');
  if (given !== '' && path !== '.' && path !== '..' && !path.startsWith('../') && !path.startsWith('/')) return path;
  throw new UsageError(`--file: ${quoted(given)} is not the path of a file from the top of the GitOps repository.`);
}

/** `--repository`: the path of a clone, or a URL; without it the folder that the command runs in. */
async function open(given: string, remote: string, cwd: string): Promise<GitOpsClone> {
  const path = resolve(cwd, given);
  if (existsSync(path) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) return ownClone(path, remote);
  if (/^[a-z][a-z0-9+.-]*:\/\/|^[^/\s]+@[^/\s]+:/i.test(given) && !given.startsWith('-')) return temporaryClone(given);
  throw new UsageError(`--repository: there is no folder ${path}, and it is not a URL either.`);
}

/**
 * The same for the same set in the same places of the same branch, so that a repeat makes no second merge request, and that for another
 * cluster or environment in the repository one of its own.
 */
function setBranch(
  lock: LockFile,
  branch: string,
  { images, placeholders, paths }: EditRules,
  files: readonly string[],
): string {
  const places = [branch, [...new Set(files)].sort(), images.map(({ name }) => name).sort(), placeholders, paths];
  const id = createHash('sha256')
    .update(JSON.stringify([setId(lock), ...places]))
    .digest('hex');
  return `kfp-images/${lock.commit.slice(0, 12)}-${id.slice(0, 8)}`;
}

function commitMessage(title: string, lock: LockFile, images: readonly WantedImage[]): string {
  const lines = images.map(({ name, reference }) => `${name}: ${reference}`);
  return `${title}\n\nRelease set of commit ${lock.commit} (${setId(lock)}):\n\n${lines.join('\n')}\n`;
}

function report(outcome: GitOpsOutcome, session: Session, branch: string): void {
  switch (outcome.kind) {
    case 'unchanged':
      session.log.info(`Nothing to change: ${branch} says this set already.`);
      return;
    case 'dry-run':
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

/** What would change: each edit on a line of its own, then as `git diff` shows it. */
function changesText({ edits, diff }: GitOpsOutcome): string {
  const shown = (text: string): string => (text.trim() === '' ? 'nothing' : text.trim().replaceAll(/\s*\n\s*/g, ' '));
  const lines = edits.map((edit) => `${edit.file}: ${edit.path}: ${shown(edit.old)} -> ${shown(edit.new)}`);
  return [...lines, '', ...diff.split('\n')].map(visible).join('\n');
}

/** The images of which a tag is written. */
function tagged(files: readonly EditedFile[], images: readonly WantedImage[]): readonly WantedImage[] {
  const written = files.flatMap(({ assignments }) => assignments);
  return images.filter(({ name, tag }) =>
    written.some((each) => each.image === name && each.kind === 'set' && each.value.startsWith(tag)),
  );
}

async function argocd(app: string, timeout: string | undefined, session: Session): Promise<void> {
  if (!/^[a-z0-9][a-z0-9./-]*$/.test(app)) throw new UsageError("--argocd-app can't be the name of an application.");
  const synced = await syncApp(app, Math.round(duration('--timeout', timeout, 600_000) / 1000));
  if (synced === 'synced') session.log.info(`Argo CD runs it: ${app} is synced and healthy.`);
  else session.log.warning(`The argocd command is not here, so ${app} syncs when its own policy says so.`);
}
