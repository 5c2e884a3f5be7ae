import { DeployError } from '../errors';
import { profileNamespaces, readSecret, readServiceAccount } from './cluster';
import { dockerConfigKey, registriesOf } from './dockerConfigJson';
import type { Kubectl } from './kubectl';
import type { Deployment } from './objects';

/** The name that `pull-secret` gives unless told otherwise. */
export const defaultPullSecret = 'regcred-gar';

/** Who may pull from the set's registry. */
export interface PullAccess {
  /** To be named by the Deployments; undefined: none is needed, or none is there. */
  readonly pullSecret: string | undefined;
  readonly warnings: readonly string[];
}

/** What is to be pulled, and from where. */
export interface PullQuestion {
  /** `host[:port]` of the registry. */
  readonly host: string;
  /** Does it want a login? `unknown`: nobody could ask. */
  readonly isPrivate: boolean | 'unknown';
  /** As the user named it; undefined: the usual one, where it is there. */
  readonly pullSecret: string | undefined;
  readonly namespace: string;
  readonly deployments: readonly Deployment[];
}

/**
 * Can the cluster pull? Looks for a secret with a login for the registry: the one that was named, those that the Deployments name, and the
 * usual one. Runs are pulled in their own namespaces with their own service accounts, which are looked at too. What is missing is a
 * warning with the command that mends it, since nodes may have a login of their own (as on GKE).
 * Throws DeployError when a secret was named that is not there or has no login for the registry.
 */
export async function checkPullAccess(kubectl: Kubectl, question: PullQuestion): Promise<PullAccess> {
  const { host, isPrivate, namespace, pullSecret } = question;
  const covers = async (name: string, where = namespace): Promise<boolean> => {
    const secret = await readSecret(kubectl, name, where);
    return registriesOf(secret?.data[dockerConfigKey]).includes(host);
  };
  if (pullSecret !== undefined && !(await covers(pullSecret))) {
    throw new DeployError(
      `The namespace ${namespace} has no secret ${pullSecret} with a login for ${host}. Make it:\n  ` +
        `kfp-images pull-secret --key FILE --registry-path ${host}/… --name ${pullSecret} --namespace ${namespace}\nNothing was changed.`,
    );
  }
  if (isPrivate === false) return { pullSecret, warnings: [] };
  const known = new Set(
    question.deployments.flatMap(({ spec }) => spec.template.spec.imagePullSecrets.map(({ name }) => name)),
  );
  const usable = pullSecret ?? (await firstThat([...known, defaultPullSecret], covers));
  const runs = await runAccounts(kubectl, namespace, covers);
  if (isPrivate === 'unknown' && usable === undefined) return { pullSecret: undefined, warnings: [] };
  const name = usable ?? defaultPullSecret;
  const command = (where: string, account: string | undefined): string =>
    `  kfp-images pull-secret --key FILE --registry-path ${host}/… --name ${name} --namespace ${where}` +
    (account === undefined ? '' : ` --service-account ${account}`);
  const warnings = [
    ...(usable === undefined
      ? [
          `${host} wants a login, and no pull secret of ${namespace} has one. If the nodes have none of their own:\n${command(namespace, undefined)}`,
        ]
      : []),
    ...(runs.length === 0
      ? []
      : [
          `Driver and launcher are pulled from ${host} by the runs' service accounts, and these have no login for it: ` +
            `${runs.map(({ account, where }) => `${where}/${account}`).join(', ')}. If the nodes have none of their own:\n` +
            runs.map(({ account, where }) => command(where, account)).join('\n'),
        ]),
  ];
  return { pullSecret: usable, warnings };
}

/**
 * Service accounts of runs without a login. `pipeline-runner` in KFP's own namespace (standalone), `default-editor` in each profile's
 * (multi-user): manifests/kustomize/base/installs of kubeflow/pipelines, DEFAULTPIPELINERUNNERSERVICEACCOUNT.
 */
async function runAccounts(
  kubectl: Kubectl,
  namespace: string,
  covers: (secret: string, where: string) => Promise<boolean>,
): Promise<readonly { readonly account: string; readonly where: string }[]> {
  const profiles = await profileNamespaces(kubectl);
  const asked = [
    { account: 'pipeline-runner', where: namespace },
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
