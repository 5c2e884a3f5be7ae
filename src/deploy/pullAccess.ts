import { DeployError } from '../errors';
import { profileNamespaces, readSecret, readServiceAccount } from './cluster';
import { dockerConfigKey, keysOf } from './dockerConfigJson';
import type { Kubectl } from './kubectl';
import type { Deployment } from './objects';
import { matchingKeys } from './pullKeys';

/** The name that `pull-secret` gives by default. */
export const defaultPullSecret = 'regcred-gar';

/** Who may pull from the set's registry. */
interface PullAccess {
  /** Deployment → pull secrets that it has to name besides those that it names; none: it needs none, or none is there. */
  readonly toName: ReadonlyMap<string, readonly string[]>;
  readonly warnings: readonly string[];
}

/** What is to be pulled, and from where. */
interface PullQuestion {
  /** `host[:port]` of the registry. */
  readonly host: string;
  /** `host[:port]/path` of each image. */
  readonly repositories: readonly string[];
  /** Does it want a login? `unknown`: nobody could ask. */
  readonly isPrivate: boolean | 'unknown';
  /** As the user named it; undefined: the usual one, where it is there. */
  readonly pullSecret: string | undefined;
  readonly namespace: string;
  readonly deployments: readonly Deployment[];
  /** Those that operators make: they get what their service account has. */
  readonly written: readonly Deployment[];
  /** Service accounts of runs in this namespace, beside KFP's own. */
  readonly runAccounts: readonly string[];
}

/**
 * Can the cluster pull? Looks for a secret with a login for the registry: the one that was named, those that the Deployments or their
 * service accounts name, and the usual one. Runs are pulled in their own namespaces with their own service accounts, which are looked at
 * too. What is missing is a warning with the command that fixes it, since nodes may have a login of their own (as on GKE).
 * Throws DeployError when a secret was named that is not there or has no login for the registry.
 */
export async function checkPullAccess(kubectl: Kubectl, question: PullQuestion): Promise<PullAccess> {
  const { host, isPrivate, namespace, pullSecret, repositories } = question;
  const covers = async (name: string, where = namespace): Promise<boolean> => {
    const keys = keysOf((await readSecret(kubectl, name, where))?.data[dockerConfigKey]);
    return keys.length > 0 && repositories.every((repository) => matchingKeys(keys, repository).length > 0);
  };
  if (pullSecret !== undefined && !(await covers(pullSecret))) {
    throw new DeployError(
      `The namespace ${namespace} has no secret ${pullSecret} with a login for ${host}. Make it:\n  ` +
        `kfp-images pull-secret --key FILE --registry-path ${host}/… --name ${pullSecret} --namespace ${namespace}\nNothing was changed.`,
    );
  }
  if (isPrivate === false && pullSecret === undefined) return { toName: new Map(), warnings: [] };
  if (pullSecret !== undefined) await requireGiven(kubectl, pullSecret, host, namespace, question.written);
  const effective = await effectiveSecrets(kubectl, namespace, question.deployments);
  const known = [...effective.values()].flatMap(({ names }) => names);
  const usable = pullSecret ?? (await firstThat([...known, defaultPullSecret], covers));
  const toName = usable === undefined ? new Map<string, readonly string[]>() : added(effective, usable, pullSecret);
  if (isPrivate === false) return { toName, warnings: [] };
  const lacking = await lackingAccounts(kubectl, namespace, question.written, covers);
  const runs = await runAccounts(kubectl, namespace, question.runAccounts, covers);
  if (isPrivate === 'unknown' && usable === undefined) return { toName, warnings: [] };
  const name = usable ?? defaultPullSecret;
  const command = (where: string, account: string | undefined): string =>
    `  kfp-images pull-secret --key FILE --registry-path ${host}/… --name ${name} --namespace ${where}` +
    (account === undefined ? '' : ` --service-account ${account}`);
  const warnings = [
    ...(usable === undefined && question.deployments.length > 0
      ? [
          `${host} wants a login, and no pull secret of ${namespace} has one. If the nodes have none of their own:\n${command(namespace, undefined)}`,
        ]
      : []),
    ...(lacking.length === 0
      ? []
      : [
          `What an operator makes is pulled from ${host} by its service accounts, and these have no login for it: ` +
            `${lacking.join(', ')}. If the nodes have none of their own:\n` +
            lacking.map((account) => command(namespace, account)).join('\n'),
        ]),
    ...(runs.length === 0
      ? []
      : [
          `Driver and launcher are pulled from ${host} by the runs' service accounts, and these have no login for it: ` +
            `${runs.map(({ account, where }) => `${where}/${account}`).join(', ')}. If the nodes have none of their own:\n` +
            runs.map(({ account, where }) => command(where, account)).join('\n'),
        ]),
  ];
  return { toName, warnings };
}

/** What a deploy would name in a Deployment that an operator makes is taken back. Throws DeployError unless its pods get the secret anyway. */
async function requireGiven(
  kubectl: Kubectl,
  secret: string,
  host: string,
  namespace: string,
  written: readonly Deployment[],
): Promise<void> {
  const effective = await effectiveSecrets(kubectl, namespace, written);
  const without = written.filter(({ metadata }) => effective.get(metadata.name)?.names.includes(secret) !== true);
  if (without.length === 0) return;
  const accounts = [...new Set(without.map(({ spec }) => spec.template.spec.serviceAccountName))];
  throw new DeployError(
    `An operator makes ${without.map(({ metadata }) => metadata.name).join(', ')} and takes back what is written there, a pull secret too. ` +
      `Give it to their service accounts:\n` +
      accounts
        .map(
          (account) =>
            `  kfp-images pull-secret --key FILE --registry-path ${host}/… --name ${secret} --namespace ${namespace} --service-account ${account}`,
        )
        .join('\n') +
      '\nNothing was changed.',
  );
}

/** Service accounts of Deployments that operators make, whose pods get no login. */
async function lackingAccounts(
  kubectl: Kubectl,
  namespace: string,
  written: readonly Deployment[],
  covers: (secret: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const effective = await effectiveSecrets(kubectl, namespace, written);
  const found = await Promise.all(
    written.map(async ({ metadata, spec }) => {
      const names = effective.get(metadata.name)?.names ?? [];
      return (await firstThat(names, (name) => covers(name))) === undefined
        ? [spec.template.spec.serviceAccountName]
        : [];
    }),
  );
  return [...new Set(found.flat())];
}

interface Secrets {
  readonly names: readonly string[];
  /** Of the pod template itself. */
  readonly isOwn: boolean;
}

/**
 * The pull secrets that a Deployment's pods get. Those of the service account count only where the template names none
 * (https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#add-image-pull-secret-to-service-account).
 */
async function effectiveSecrets(
  kubectl: Kubectl,
  namespace: string,
  deployments: readonly Deployment[],
): Promise<ReadonlyMap<string, Secrets>> {
  const found = await Promise.all(
    deployments.map(async ({ metadata, spec }): Promise<readonly [string, Secrets]> => {
      const { imagePullSecrets, serviceAccountName } = spec.template.spec;
      if (imagePullSecrets.length > 0) return [metadata.name, { names: namesOf(imagePullSecrets), isOwn: true }];
      const account = await readServiceAccount(kubectl, serviceAccountName, namespace);
      return [metadata.name, { names: namesOf(account?.imagePullSecrets ?? []), isOwn: false }];
    }),
  );
  return new Map(found);
}

/**
 * What each Deployment has to name so that its pods get the secret: with it those of the service account, which they would lose. One whose
 * account gives it already names nothing, unless the user named the secret.
 */
function added(
  effective: ReadonlyMap<string, Secrets>,
  usable: string,
  named: string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const entries = [...effective].map(([deployment, { names, isOwn }]): readonly [string, readonly string[]] => {
    if (isOwn) return [deployment, [usable]];
    return [deployment, names.includes(usable) && named === undefined ? [] : [...new Set([...names, usable])]];
  });
  return new Map(entries);
}

function namesOf(secrets: readonly { readonly name: string }[]): readonly string[] {
  return secrets.map(({ name }) => name).filter((name) => name !== '');
}

/**
 * Service accounts of runs without a login. `pipeline-runner` in KFP's own namespace (standalone), `default-editor` in each profile's
 * (multi-user): manifests/kustomize/base/installs of kubeflow/pipelines, DEFAULTPIPELINERUNNERSERVICEACCOUNT.
 */
async function runAccounts(
  kubectl: Kubectl,
  namespace: string,
  own: readonly string[],
  covers: (secret: string, where: string) => Promise<boolean>,
): Promise<readonly { readonly account: string; readonly where: string }[]> {
  const profiles = await profileNamespaces(kubectl);
  const asked = [
    ...['pipeline-runner', ...own].map((account) => ({ account, where: namespace })),
    ...profiles.slice(0, mostProfiles).map((where) => ({ account: 'default-editor', where })),
  ];
  const lacking = await Promise.all(
    asked.map(async (each) => {
      const found = await readServiceAccount(kubectl, each.account, each.where);
      if (found === undefined) return [];
      const names = found.imagePullSecrets.map(({ name }) => name);
      return (await firstThat(names, (name) => covers(name, each.where))) === undefined ? [each] : [];
    }),
  );
  return lacking.flat();
}

/** Each costs two calls; a warning about so many says enough. */
const mostProfiles = 20;

async function firstThat(
  names: readonly string[],
  holds: (name: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const name of new Set(names)) if (name !== '' && (await holds(name))) return name;
  return undefined;
}
