import { profileNamespaces } from '../deploy/cluster';
import { createKubectl } from '../deploy/kubectl';
import { contextOf } from '../deploy/prepare';
import { defaultPullSecret } from '../deploy/pullAccess';
import { attachPullSecret, ensurePullSecret } from '../deploy/pullSecret';
import { DeployError, RegistryError, UsageError } from '../errors';
import { basicAuth } from '../publish/login';
import { parseRegistryPath } from '../publish/reference';
import { createRegistry } from '../publish/registry';
import { setRepository } from '../publish/tags';
import { maskSecrets } from '../report/log';
import type { Flags } from './commandLine';
import { readKey, type Key } from './deploy/pullKey';
import { dryRun } from './deploy/work';
import { place, requireName, text, texts } from './deploy/settings';
import { terminalSession, type Session } from './session';

/**
 * `kfp-images pull-secret`: lets a cluster pull from a registry: checks the key there, then creates or extends the secret in every
 * namespace asked for, and attaches it to service accounts. Gives the exit status; throws explained errors.
 */
export async function pullSecretCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  try {
    const name = text(flags, 'name') ?? defaultPullSecret;
    const accounts = texts(flags, 'serviceAccount');
    requireName('--name', name);
    for (const account of accounts) requireName('--service-account', account);
    const registryPath = text(flags, 'registryPath');
    if (registryPath === undefined)
      throw new UsageError(
        '--registry-path says for which registry the key is. Give LOCATION-docker.pkg.dev/PROJECT/REPOSITORY.',
      );
    const path = parseRegistryPath(registryPath);
    const key = readKey(text(flags, 'key'), text(flags, 'username'));
    maskSecrets(session.log, [key.password, basicAuth(key)]);
    await checkKey(path.full, path.host, key, session);

    const given = texts(flags, 'namespace');
    const where = place({ ...flags, namespace: given[0] });
    const kubectl = createKubectl(where);
    const namespaces = [
      ...new Set([
        ...given,
        ...(await profiles(flags, kubectl)),
        ...(given.length === 0 && flags['profiles'] !== true ? [where.namespace] : []),
      ]),
    ];
    for (const each of namespaces) requireName('--namespace', each);
    const context = await contextOf(kubectl, where);
    const only = dryRun(flags) !== 'none';
    const done = [];
    for (const namespace of namespaces) {
      session.signal.throwIfAborted();
      const outcome = only ? 'dry-run' : await ensurePullSecret(kubectl, namespace, { name, host: path.host, ...key });
      for (const account of only ? [] : accounts) await attachPullSecret(kubectl, namespace, account, name);
      const attached = accounts.length === 0 ? '' : `, for ${accounts.join(', ')}`;
      session.log.info(`${namespace}/${name}: ${outcome}${attached}`);
      done.push({ namespace, name, outcome, serviceAccounts: accounts });
    }
    const document = { context, registry: path.host, secrets: done };
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return 0;
  } finally {
    session.close();
  }
}

/** Asks the registry with the key; a set that is not there is no mistake. Throws RegistryError with the registry's reason. */
async function checkKey(path: string, host: string, key: Key, session: Session): Promise<void> {
  const registry = createRegistry({
    login: (asked) => Promise.resolve(asked === host ? key : undefined),
    log: session.log,
    signal: session.signal,
    onSecret: (secret) => maskSecrets(session.log, [secret]),
  });
  try {
    await registry.head(setRepository(path), 'latest');
  } catch (thrown) {
    if (!(thrown instanceof RegistryError) || (thrown.status !== 401 && thrown.status !== 403)) throw thrown;
    throw new DeployError(
      `${host} does not let this key read ${path} (status ${thrown.status}). Is it the right key, not deleted, and may its account read ` +
        'there (roles/artifactregistry.reader)? No secret was written.',
      { cause: thrown },
    );
  }
}

async function profiles(flags: Flags, kubectl: Parameters<typeof profileNamespaces>[0]): Promise<readonly string[]> {
  if (flags['profiles'] !== true) return [];
  const found = await profileNamespaces(kubectl);
  if (found.length === 0) {
    throw new DeployError(
      'No namespace of a Kubeflow profile can be seen here (label pipelines.kubeflow.org/enabled=true). Name them with --namespace.',
    );
  }
  return found;
}
