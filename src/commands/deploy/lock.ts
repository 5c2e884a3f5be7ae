import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EnvironmentError, PublishError, UsageError } from '../../errors';
import { parseLockFile } from '../../publish/lockFile';
import { readSet } from '../../publish/setArtifact';
import { commitTag, setRepository } from '../../publish/tags';
import { openAccess, type Access, type AccessPorts } from '../../run/access';
import { isObjectId, resolveCommit } from '../../system/git';
import { git } from '../../system/gitCommand';
import { quoted } from '../../system/quoted';
import type { LockFile, Registry } from '../../types';
import type { Flags } from '../commandLine';
import { flagValues } from '../flags';
import { text } from './settings';

/** A release set, and the registry it came from or whose images it names. */
export interface FoundSet {
  readonly lock: LockFile;
  /** undefined: only a file was read, and no credentials for its registry are had. */
  readonly access: Access | undefined;
}

/** This far back a set is looked for. */
const mostCommits = 5000;

/**
 * The set to work with: `--lock FILE`; else that of `--commit REV` in the registry; else the newest one that a commit of HEAD's history
 * has. Throws UsageError, SourceError, RegistryError, or PublishError when there is none.
 */
export async function findSet(flags: Flags, ports: AccessPorts & { readonly cwd: string }): Promise<FoundSet> {
  const file = text(flags, 'lock');
  const credentialsJson = flagValues(flags, ports.env)('credentials-json');
  if (file !== undefined) {
    if (text(flags, 'commit') !== undefined)
      throw new UsageError('--lock and --commit both name a set. Give one of them.');
    const lock = parseLockFile(await readText(resolve(ports.cwd, file), file), file);
    const access = await openAccess({ registryPath: lock.registryPath, credentialsJson }, ports).catch(
      (thrown: unknown) => {
        if (thrown instanceof EnvironmentError || thrown instanceof UsageError) return undefined;
        throw thrown;
      },
    );
    return { lock, access };
  }
  const registryPath = text(flags, 'registryPath') ?? '';
  if (registryPath === '')
    throw new UsageError('--registry-path says where the sets are. Give it, or a lock file with --lock FILE.');
  const access = await openAccess({ registryPath, credentialsJson }, ports);
  const folder = resolve(ports.cwd, text(flags, 'workingDirectory') ?? '.');
  const commit = await commitOf(text(flags, 'commit'), folder, access.registry, access.path.full);
  return { lock: await readLock(access.registry, access.path.full, commit), access };
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`The lock file ${quoted(shown)} can't be read.`, { cause });
  }
}

async function commitOf(rev: string | undefined, folder: string, registry: Registry, path: string): Promise<string> {
  // A whole id needs no clone.
  if (rev !== undefined) return isObjectId(rev) ? rev : resolveCommit(folder, rev);
  const head = await resolveCommit(folder, 'HEAD');
  const published = new Set(await registry.tags(setRepository(path)));
  if (published.size === 0) {
    throw new PublishError(
      `${setRepository(path)} has no release set. Build one first (\`kfp-images trigger\` or \`build\`).`,
    );
  }
  const listed = await git(folder, 'read the history of HEAD', ['rev-list', `--max-count=${mostCommits}`, head]);
  const found = listed
    .toString('utf8')
    .split('\n')
    .find((id) => id !== '' && published.has(commitTag(id)));
  if (found !== undefined) return found;
  throw new PublishError(
    `No commit of HEAD's history has a release set in ${path}. Name one that has (--commit SHA; \`crane ls ${setRepository(path)}\` or the ` +
      'registry’s page lists them), or build one first.',
  );
}

async function readLock(registry: Registry, path: string, commit: string): Promise<LockFile> {
  const repository = setRepository(path);
  const set = await readSet(registry, repository, commitTag(commit));
  if (set === undefined) {
    throw new PublishError(
      `${repository} has no release set of commit ${commit}. Did its build succeed? \`kfp-images watch --commit ${commit}\` shows it.`,
    );
  }
  if (set === 'other')
    throw new PublishError(
      `${repository}:${commitTag(commit)} is no release set, or was withdrawn. Build that commit again.`,
    );
  if (set.lock.commit !== commit) {
    throw new PublishError(
      `${repository}:${commitTag(commit)} holds the set of commit ${set.lock.commit}. Build commit ${commit} again.`,
    );
  }
  return set.lock;
}
