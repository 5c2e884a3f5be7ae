import { findGoogleToken } from '../google/credentials/apiToken';
import { openKmsKey } from '../google/kms/kmsKey';
import { readKmsReference } from '../google/kms/reference';
import { maskSecrets } from '../report/log';
import type { RemoteKey } from '../sigstore/sign';
import { readPublicKey } from '../sigstore/signingKey';
import type { Inputs } from '../types';
import type { AccessPorts } from './access';

/**
 * The key that a reference such as `gcpkms://…` names, by the run's own Google credentials. `input`: where it was given, for texts.
 * Throws UsageError for a reference or key that can't be used, EnvironmentError or RegistryError where Google refuses or is away.
 */
export async function openKeyReference(
  reference: string,
  input: string,
  { credentialsJson }: Pick<Inputs, 'credentialsJson'>,
  { env, log, signal }: AccessPorts,
): Promise<RemoteKey> {
  const name = readKmsReference(reference, input);
  const onSecret = (secret: string): void => maskSecrets(log, [secret]);
  const token = await findGoogleToken({ credentialsJson, env, log, signal, onSecret }, `the key of ${input}`);
  const key = await openKmsKey(name, token, { env, log, signal });
  return { name, publicKey: readPublicKey(key.publicPem, name), sign: key.sign };
}
