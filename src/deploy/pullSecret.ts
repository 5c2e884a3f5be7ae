import * as v from 'valibot';
import { DeployError } from '../errors';
import { readServiceAccount } from './cluster';
import { dockerConfigKey, dockerConfigType, withLogin } from './dockerConfigJson';
import { isConflict, isNotFound, refusal, type Kubectl } from './kubectl';

/** A login for one registry, and the secret that is to hold it. `password` is a secret: it goes to kubectl's standard input only. */
interface PullLogin {
  readonly name: string;
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

type SecretOutcome = 'created' | 'extended' | 'unchanged';

/** How often it is tried when others write the same secret; each of them needs one try. */
const attempts = 30;

/** The object as it came; only `data` and `type` are looked at, everything else is written back as it was. */
const secretObject = v.looseObject({
  type: v.optional(v.string(), ''),
  data: v.optional(v.record(v.string(), v.string()), {}),
});

/**
 * Lets the secret of a namespace hold the login, with all others that it holds. The write names the resourceVersion that was read, or
 * insists on being the first, so that of two at the same time neither loses what the other wrote.
 * Throws DeployError when a secret of that name is of another kind, or the cluster refuses.
 */
export async function ensurePullSecret(kubectl: Kubectl, namespace: string, login: PullLogin): Promise<SecretOutcome> {
  const { name, host, username, password } = login;
  for (let attempt = 1; ; attempt++) {
    const answer = await kubectl({ namespace, args: ['get', `secret/${name}`, '--output=json'] });
    if (answer.exitCode !== 0 && !isNotFound(answer)) throw refusal(`read the secret ${name} in ${namespace}`, answer);
    const found = answer.exitCode === 0 ? readSecretObject(answer.stdout, name, namespace) : undefined;
    const data = withLogin(found?.data[dockerConfigKey], host, username, password);
    if (data === undefined) return 'unchanged';
    const manifest =
      found === undefined
        ? {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name, namespace },
            type: dockerConfigType,
            data: { [dockerConfigKey]: data },
          }
        : { ...found, data: { ...found.data, [dockerConfigKey]: data } };
    const verb = found === undefined ? 'create' : 'replace';
    const written = await kubectl({
      namespace,
      args: [verb, '--filename=-', '--output=name'],
      input: JSON.stringify(manifest),
    });
    if (written.exitCode === 0) return found === undefined ? 'created' : 'extended';
    if (!isConflict(written) || attempt === attempts)
      throw refusal(`write the secret ${name} in ${namespace}`, written);
  }
}

/**
 * Lets a service account pull with the secret; those it has are kept. A patch replaces this list as a whole, so that it is read, extended
 * and written under the resourceVersion that was read.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#add-image-pull-secret-to-service-account
 */
export async function attachPullSecret(
  kubectl: Kubectl,
  namespace: string,
  account: string,
  secret: string,
): Promise<'attached' | 'unchanged'> {
  for (let attempt = 1; ; attempt++) {
    const found = await readServiceAccount(kubectl, account, namespace);
    if (found === undefined) {
      throw new DeployError(
        `There is no service account ${account} in ${namespace}, or it may not be read. The secret ${secret} is there; attach it to another one (--service-account).`,
      );
    }
    if (found.imagePullSecrets.some(({ name }) => name === secret)) return 'unchanged';
    const { resourceVersion } = found.metadata;
    const patch = JSON.stringify({
      metadata: { resourceVersion },
      imagePullSecrets: [...found.imagePullSecrets, { name: secret }],
    });
    const args = ['patch', 'serviceaccount', account, '--type=merge', '--output=name', `--patch=${patch}`];
    const answer = await kubectl({ namespace, args });
    if (answer.exitCode === 0) return 'attached';
    if (!isConflict(answer) || attempt === attempts) {
      throw refusal(`attach the secret ${secret} to the service account ${account} in ${namespace}`, answer);
    }
  }
}

function readSecretObject(text: string, name: string, namespace: string): v.InferOutput<typeof secretObject> {
  const parsed = v.safeParse(secretObject, JSON.parse(text));
  if (parsed.success && parsed.output.type === dockerConfigType) return parsed.output;
  throw new DeployError(
    `The secret ${name} in ${namespace} is not a pull secret (${dockerConfigType}). Choose another name (--name). Nothing was changed there.`,
  );
}
