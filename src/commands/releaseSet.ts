import { resolve } from 'node:path';
import { EnvironmentError, PublishError, UsageError } from '../errors';
import { isGoogleHost } from '../google/googleHosts';
import { parseRegistryPath } from '../google/registryPath';
import { parseLockFile } from '../publish/lockFile';
import { readSet, readSetElsewhere } from '../publish/setArtifact';
import { commitTag, setRepository } from '../publish/tags';
import { readLockFile } from '../report/lockFile';
import { openAccess, type Access, type AccessPorts } from '../run/access';
import { isObjectId, isShallow, resolveCommit } from '../git/git';
import { git } from '../git/gitCommand';
import type { LockFile, Registry } from '../types';
import { registryOf, type setInputs } from './sharedFlags';

/** A release set, and the registry it came from or whose images it names. */
export interface FoundSet {
  readonly lock: LockFile;
  /** undefined: only a file was read, and no credentials for its registry are had. */
  readonly access: Access | undefined;
}

/** A call of a command that takes `setFlags` and `setInputs`. */
interface SetCall {
  readonly flags: {
    readonly commit: string | undefined;
    /** Left out: the command takes none. */
    readonly lock?: string | undefined;
  };
  readonly input: (name: Exclude<(typeof setInputs)[number], 'catalog'>) => string;
  readonly session: AccessPorts & { readonly cwd: string };
}

/** This far back a set is looked for. */
const mostCommits = 5000;

/**
 * The set to work with: `--lock FILE`; else that of `--commit REV` in the registry; else the newest one that a commit of HEAD's history
 * has. Throws UsageError, SourceError, RegistryError, or PublishError when there is none.
 */
export async function findSet(call: SetCall): Promise<FoundSet> {
  const { commit: rev, lock: file } = call.flags;
  const ports = call.session;
  const { credentialsJson, ...asked } = registryOf(call.input);
  if (file !== undefined) {
    if (rev !== undefined) throw new UsageError('--lock and --commit both name a set. Give one of them.');
    const lock = parseLockFile(await readLockFile(resolve(ports.cwd, file)), file);
    const key = mayHaveKey(lock, asked.registryPath) ? credentialsJson : '';
    if (key !== credentialsJson) {
      ports.log.warning(
        `The lock file names the registry ${hostOf(lock.registryPath)}, which is not given the key of --credentials-json. ` +
          `If the key is meant for it, name it outright: --registry-path ${lock.registryPath}`,
      );
    }
    const inputs = { ...asked, registryPath: lock.registryPath, credentialsJson: key };
    const access = await openAccess(inputs, ports).catch((thrown: unknown) => {
      if (thrown instanceof EnvironmentError || thrown instanceof UsageError) return undefined;
      throw thrown;
    });
    return { lock, access };
  }
  if (asked.registryPath === '')
    throw new UsageError(
      `--registry-path says where the sets are. Give it${'lock' in call.flags ? ', or a lock file with --lock FILE' : ''}.`,
    );
  const access = await openAccess({ ...asked, credentialsJson }, ports);
  const folder = call.input('working-directory').trim();
  const commit = await commitOf(
    rev,
    resolve(ports.cwd, folder === '' ? '.' : folder),
    access.registry,
    access.path.full,
  );
  return { lock: await readLock(access.registry, access.path.full, commit), access };
}

/** A lock file may come from anywhere: a key goes to Google's hosts, or to the one that the user named beside it. */
function mayHaveKey(lock: LockFile, registryPath: string): boolean {
  const host = hostOf(lock.registryPath);
  return isGoogleHost(host) || (registryPath !== '' && parseRegistryPath(registryPath).host === host);
}

function hostOf(registryPath: string): string {
  return registryPath.split('/')[0] ?? '';
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
  const shallow = (await isShallow(folder))
    ? ' of which this shallow clone has only a part (git fetch --unshallow),'
    : '';
  throw new PublishError(
    `No commit of HEAD's history${shallow} has a release set in ${path}. Name one that has (--commit SHA; \`crane ls ${setRepository(path)}\` or the ` +
      'registry’s page lists them), or build one first.',
  );
}

/** Where only the host differs, the registry that was named may serve the other name's images too. */
function asAnotherHost(named: string, asked: string): string {
  const [host, other] = [hostOf(named), hostOf(asked)];
  const isSamePath = named.slice(host.length) === asked.slice(other.length);
  return isSamePath ? `; if ${other} is to be asked for them, also --registry-hosts ${host}=push:${other}` : '';
}

async function readLock(registry: Registry, path: string, commit: string): Promise<LockFile> {
  const repository = setRepository(path);
  const set = await readSet(registry, repository, commitTag(commit));
  if (set === undefined) {
    throw new PublishError(
      `${repository} has no release set of commit ${commit}. Did its build succeed? \`kfp-images watch --commit ${commit}\` shows it.`,
    );
  }
  if (set === 'other') {
    const elsewhere = await readSetElsewhere(registry, repository, commitTag(commit));
    throw new PublishError(
      elsewhere === undefined
        ? `${repository}:${commitTag(commit)} is not a release set, or was withdrawn. Build that commit again.`
        : `${repository}:${commitTag(commit)} is not a release set of this registry path: it says that its images are ${elsewhere.registryPath}/…. ` +
            `Build that commit again; or, if you know that as another name of it, give --registry-path ${elsewhere.registryPath}${asAnotherHost(elsewhere.registryPath, path)}.`,
    );
  }
  if (set.lock.commit !== commit) {
    throw new PublishError(
      `${repository}:${commitTag(commit)} holds the set of commit ${set.lock.commit}. Build commit ${commit} again.`,
    );
  }
  return set.lock;
}
