import { profileNamespaces } from '../../deploy/cluster';
import { openCluster } from '../../deploy/context';
import type { Kubectl } from '../../deploy/kubectl';
import { defaultPullSecret } from '../../deploy/pullAccess';
import { attachPullSecret, ensurePullSecret } from '../../deploy/pullSecret';
import { DeployError, RegistryError, UsageError } from '../../errors';
import { openPullHosts } from '../../run/registryHosts';
import { createRegistry } from '../../oci/client';
import { basicAuth } from '../../oci/login';
import type { RegistryHosts } from '../../oci/hosts';
import { parseRegistryPath, type RegistryPath } from '../../google/registryPath';
import { setRepository } from '../../publish/tags';
import { maskSecrets } from '../../report/log';
import { defineCommand } from '../command';
import type { Session } from '../session';
import { clusterFlags, placeOf, registryHostsOf, requireName } from '../sharedFlags';
import { readKey, type Key } from './key';

/** Checks the key at the registry, then creates or extends the secret in every namespace, and attaches it to service accounts. */
export const pullSecretCommand = defineCommand({
  name: 'pull-secret',
  description: 'Create or extend the pull secret of a cluster; other registries in it are kept.',
  inputs: ['registry-path', 'registry-hosts'],
  flags: {
    key: {
      kind: 'text',
      value: '<file>',
      required: true,
      description: 'service account key; - reads standard input',
    },
    username: {
      kind: 'text',
      value: '<name>',
      description: 'for other registries: the user whose password is in the file',
    },
    name: { kind: 'text', value: '<name>', description: 'name of the secret (default: regcred-gar)' },
    namespace: {
      kind: 'list',
      value: '<name>',
      description: 'namespace of the secret; may be repeated (default: kubeflow)',
    },
    profiles: { kind: 'switch', description: 'in the namespaces of all Kubeflow profiles' },
    'service-account': {
      kind: 'list',
      value: '<name>',
      description: 'attach it to this service account; may be repeated',
    },
    context: clusterFlags.context,
    'dry-run': { kind: 'switch', description: 'check the key and change nothing' },
  },
  examples: [
    'pull-secret --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY --key key.json',
    'pull-secret --registry-path ghcr.io/OWNER/kfp --key token.txt --username OWNER --profiles --service-account default-editor',
  ],
  async run({ flags, input, session }) {
    const name = flags.name ?? defaultPullSecret;
    const accounts = flags['service-account'];
    requireName('--name', name);
    for (const account of accounts) requireName('--service-account', account);
    const registryPath = input('registry-path').trim();
    if (registryPath === '')
      throw new UsageError(
        '--registry-path says for which registry the key is. Give LOCATION-docker.pkg.dev/PROJECT/REPOSITORY.',
      );
    const path = parseRegistryPath(registryPath);
    const key = readKey(flags.key, flags.username);
    maskSecrets(session.log, [key.password, basicAuth(key)]);
    const hosts = openPullHosts(registryHostsOf(input('registry-hosts')), session.env);
    await checkKey(path, key, hosts, session);

    const given = flags.namespace;
    const where = placeOf({ context: flags.context, namespace: given[0] });
    const { kubectl, context } = await openCluster(where);
    const namespaces = [
      ...new Set([
        ...given,
        ...(flags.profiles ? await profiles(kubectl) : []),
        ...(given.length === 0 && !flags.profiles ? [where.namespace] : []),
      ]),
    ];
    for (const each of namespaces) requireName('--namespace', each);
    const only = flags['dry-run'];
    const done = [];
    for (const namespace of namespaces) {
      session.signal.throwIfAborted();
      const outcome = only ? 'dry-run' : await ensurePullSecret(kubectl, namespace, { name, host: path.host, ...key });
      for (const account of only ? [] : accounts) await attachPullSecret(kubectl, namespace, account, name);
      const attached = accounts.length === 0 ? '' : `, for ${accounts.join(', ')}`;
      session.log.info(`${namespace}/${name}: ${outcome}${attached}`);
      done.push({ namespace, name, outcome, serviceAccounts: accounts });
    }
    return { document: { context, registry: path.host, secrets: done } };
  },
});

/** Asks the registry with the key; a set that is not there is not a mistake. Throws RegistryError with the registry's reason. */
async function checkKey({ full, host }: RegistryPath, key: Key, hosts: RegistryHosts, session: Session): Promise<void> {
  const registry = createRegistry({
    login: (asked) => Promise.resolve(asked === host ? key : undefined),
    log: session.log,
    signal: session.signal,
    hosts,
    onSecret: (secret) => maskSecrets(session.log, [secret]),
  });
  try {
    await registry.head(setRepository(full), 'latest');
  } catch (thrown) {
    if (!(thrown instanceof RegistryError) || (thrown.status !== 401 && thrown.status !== 403)) throw thrown;
    throw new DeployError(
      `${host} does not let this key read ${full} (status ${thrown.status}). Is it the right key, not deleted, and may its account read ` +
        'there (roles/artifactregistry.reader)? No secret was written.',
      { cause: thrown },
    );
  }
}

async function profiles(kubectl: Kubectl): Promise<readonly string[]> {
  const found = await profileNamespaces(kubectl);
  if (found.length === 0) {
    throw new DeployError(
      'No namespace of a Kubeflow profile can be seen here (label pipelines.kubeflow.org/enabled=true). Name them with --namespace.',
    );
  }
  return found;
}
