import { createHash } from 'node:crypto';
import { EnvironmentError, RegistryError, UsageError } from '../../errors';
import { exchange } from '../../oci/exchange';
import { failed, refused, type Task } from '../../oci/failure';
import { defaultLimits, type Limits } from '../../oci/limits';
import { withRetries } from '../../oci/retry';
import { field, parseJson } from '../../system/json';
import type { Log } from '../../types';
import type { GoogleToken } from '../credentials/apiToken';
import { endpointOf } from '../emulator';

/** A version of a key in Google Cloud KMS that signs SHA-256 digests. */
interface KmsKey {
  /** `projects/…/cryptoKeyVersions/N` */
  readonly name: string;
  /** Its public half, PEM. */
  readonly publicPem: string;
  /** The signature of SHA-256 of `data`. Throws EnvironmentError, RegistryError. */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>;
}

interface KmsPorts {
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<Limits>;
}

/** The algorithms that sign as a key's PEM does here: https://cloud.google.com/kms/docs/algorithms#elliptic_curve_signing_algorithms */
const algorithms = /^(EC_SIGN_P256_SHA256|RSA_SIGN_PKCS1_(2048|3072|4096)_SHA256)$/;

/** Somebody waits for the signature, and a set for all of them. */
const kmsLimits: Partial<Limits> = { attempts: 4, stallMs: 10_000, exchangeMs: 15_000, callMs: 30_000, redirects: 0 };

/**
 * Opens a key's version by its resource name: asks for its public half. Where CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS names a port of this
 * machine, that stands in for Google. Throws UsageError for a key that signs in another way, EnvironmentError where KMS refuses or is away, RegistryError where no
 * token is given.
 * https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys.cryptoKeyVersions
 */
export async function openKmsKey(name: string, credentials: GoogleToken, ports: KmsPorts): Promise<KmsKey> {
  const ask = caller(name, credentials, ports);
  const answer = await ask('reading the public key', `${name}/publicKey`);
  const [pem, algorithm] = [field(answer, 'pem'), field(answer, 'algorithm')];
  if (typeof pem !== 'string' || typeof algorithm !== 'string') {
    throw new EnvironmentError(`Google Cloud KMS answered without the public key of ${name}.`);
  }
  if (!algorithms.test(algorithm)) {
    throw new UsageError(
      `The key ${name} is of the kind ${algorithm.slice(0, 60)}, which is not used for signing here. Make one of EC_SIGN_P256_SHA256 ` +
        '(gcloud kms keys create --purpose asymmetric-signing --default-algorithm ec-sign-p256-sha256).',
    );
  }
  return {
    name,
    publicPem: pem,
    sign: async (data) => {
      const digest = { sha256: createHash('sha256').update(data).digest('base64') };
      const signature = field(await ask('signing', `${name}:asymmetricSign`, { digest }), 'signature');
      if (typeof signature !== 'string' || signature === '') {
        throw new EnvironmentError(`Google Cloud KMS answered without a signature by ${name}.`);
      }
      return Buffer.from(signature, 'base64');
    },
  };
}

/** Asks KMS by REST: with `body` a POST. */
function caller(
  name: string,
  credentials: GoogleToken,
  { env, log, signal, limits: own }: KmsPorts,
): (doing: string, path: string, body?: object) => Promise<unknown> {
  const endpoint = endpointOf(env['CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS']);
  const base = endpoint === undefined ? 'https://cloudkms.googleapis.com' : `http://${endpoint.host}:${endpoint.port}`;
  const limits = { ...defaultLimits, ...kmsLimits, ...own };
  return async (doing, path, body) => {
    const url = new URL(`/v1/${path}`, base);
    const task: Task = { action: `${doing} (Google Cloud KMS, ${name})`, host: url.host, repository: '' };
    // What refuses a token has words of its own.
    const token = await credentials.token();
    try {
      const text = await withRetries({ limits, log, signal }, async () => {
        const sent =
          body === undefined
            ? ({ method: 'GET' } as const)
            : ({
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body: Buffer.from(JSON.stringify(body)),
              } as const);
        const request = { ...sent, url, authorization: `Bearer ${token}`, maxBytes: limits.tokenBytes };
        const answer = await exchange(task, request, limits, signal);
        if (answer.status !== 200) throw refused(task, answer, [token]);
        return Buffer.from(answer.body).toString('utf8');
      });
      const json = parseJson(text);
      if (json === undefined) throw failed(task, `${url.host} answered with something that is not JSON`);
      return json;
    } catch (thrown) {
      if (!(thrown instanceof RegistryError)) throw thrown;
      throw new EnvironmentError(`${thrown.message}${fixOf(thrown.status, credentials.describe, body !== undefined)}`, {
        cause: thrown,
      });
    }
  };
}

/** https://cloud.google.com/kms/docs/reference/permissions-and-roles */
function fixOf(status: number | undefined, who: string, signs: boolean): string {
  if (status === 401) return ` The credentials are: ${who}.`;
  if (status === 403) {
    const role = signs
      ? 'roles/cloudkms.signerVerifier'
      : 'roles/cloudkms.publicKeyViewer (roles/cloudkms.signerVerifier to sign)';
    return ` Asked as ${who}: does this account have ${role} on the key? gcloud kms keys add-iam-policy-binding gives it.`;
  }
  return status === 404 ? ' Is the reference of the key right?' : '';
}
