import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { EnvironmentError, ExplainedError, message, UsageError } from '../errors';
import { isKeyReference } from '../google/kms/reference';
import { maskSecrets } from '../report/log';
import type { StatementSigner } from '../sigstore/sign';
import { readBounded } from '../system/boundedFile';
import { bounds } from '../system/bounds';
import type { Inputs } from '../types';
import type { RunPorts } from './ports';

/** How a run signs; undefined: it does not. `mayFail`: where it can't, the set is published unsigned, with a warning. */
export interface Signing {
  readonly signer: StatementSigner;
  readonly how: 'key' | 'keyless';
  readonly mayFail: boolean;
}

type SigningInputs = Pick<Inputs, 'sign' | 'signKey' | 'push' | 'credentialsJson'>;
type SigningPorts = Pick<RunPorts, 'env' | 'log' | 'signal' | 'cwd'>;

/**
 * The signer that the inputs ask for, before anything is built. Only a service that keeps the key is asked yet, for its public half.
 * Throws UsageError for a key that can't be used, EnvironmentError where the job has no identity to sign with, or, unless sign is auto, where
 * the service refuses or is away.
 */
export async function signingOf(inputs: SigningInputs, ports: SigningPorts): Promise<Signing | undefined> {
  const { env, log } = ports;
  const how = chosen(inputs, env);
  if (inputs.sign === 'none' && inputs.signKey !== '' && inputs.push) {
    log.warning('sign-key is given, but sign is none: nothing is signed. Set sign: key.');
  }
  if (inputs.sign === 'auto' && how === 'none') {
    log.info(`Nothing is signed: there is no sign-key, and ${whyNoIdentity(env) ?? ''}.`);
  }
  if (how === 'none') return undefined;
  const mayFail = inputs.sign === 'auto';
  if (how === 'keyless') {
    const { keylessSigner } = await import('../sigstore/keyless');
    return { signer: keylessSigner(env, ports.signal), how, mayFail };
  }
  if (inputs.signKey.trim() === '') {
    throw new UsageError(
      'sign: key needs sign-key: a private key, PEM, as `cosign generate-key-pair` writes it, its file, or a reference (gcpkms://…). ' +
        'Its password goes into the environment as COSIGN_PASSWORD.',
    );
  }
  try {
    return { signer: await signerOf(inputs, ports), how, mayFail };
  } catch (thrown) {
    if (!mayFail || !(thrown instanceof ExplainedError) || thrown instanceof UsageError || ports.signal.aborted) {
      throw thrown;
    }
    log.warning(`The set will NOT be signed (sign: auto goes on then; sign: key would fail): ${message(thrown)}`);
    return undefined;
  }
}

async function signerOf(inputs: SigningInputs, ports: SigningPorts): Promise<StatementSigner> {
  const [{ readSigningKey }, { keySigner, remoteKeySigner }] = await Promise.all([
    import('../sigstore/signingKey'),
    import('../sigstore/sign'),
  ]);
  if (isKeyReference(inputs.signKey)) {
    const { openKeyReference } = await import('./kms');
    return remoteKeySigner(await openKeyReference(inputs.signKey, 'sign-key', inputs, ports));
  }
  const text = await keyText(inputs.signKey.trim(), ports);
  return keySigner(await readSigningKey(text, ports.env['COSIGN_PASSWORD'] ?? '', 'sign-key'));
}

/** The key itself, or what its file holds. */
async function keyText(given: string, { cwd, log }: SigningPorts): Promise<string> {
  const isFile = given.length < 1024 && !/[\r\n]|-----BEGIN/.test(given) && existsSync(resolve(cwd, given));
  if (!isFile) return given;
  const what = 'The file that sign-key names';
  const text = await readBounded(resolve(cwd, given), bounds.configurationFile, what).catch((cause: unknown) => {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${what} can't be read.`, { cause });
  });
  maskSecrets(log, [text]);
  return text;
}

function chosen(
  { sign, signKey }: Pick<Inputs, 'sign' | 'signKey'>,
  env: NodeJS.ProcessEnv,
): 'key' | 'keyless' | 'none' {
  const why = whyNoIdentity(env);
  switch (sign) {
    case 'none':
    case 'key':
      return sign;
    case 'keyless':
      if (why === undefined) return sign;
      throw new EnvironmentError(`sign: keyless needs the identity of a GitHub job, and ${why}. Or use sign: key.`);
    case 'auto':
      return signKey.trim() !== '' ? 'key' : why === undefined ? 'keyless' : 'none';
  }
}

/**
 * Why this job has no identity that it could sign with; undefined: it has one. The public Sigstore takes none of GitHub Enterprise Server's jobs:
 * https://github.com/sigstore/fulcio/blob/main/config/identity/config.yaml
 */
function whyNoIdentity(env: NodeJS.ProcessEnv): string | undefined {
  if ((env['ACTIONS_ID_TOKEN_REQUEST_URL'] ?? '') === '')
    return 'the job has no identity (it needs permissions: id-token: write)';
  const server = env['GITHUB_SERVER_URL'] ?? '';
  if (/^(https:\/\/github\.com\/*)?$/.test(server) || (env['COSIGN_FULCIO_URL'] ?? '') !== '') return undefined;
  return `the public Sigstore takes no identity of ${server}; where that server has a Sigstore of its own, name it in COSIGN_FULCIO_URL and COSIGN_REKOR_URL`;
}
