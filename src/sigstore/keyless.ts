import { bundleToJSON } from '@sigstore/bundle';
import {
  CIContextProvider,
  DEFAULT_FULCIO_URL,
  DEFAULT_REKOR_URL,
  DSSEBundleBuilder,
  FulcioSigner,
  RekorWitness,
} from '@sigstore/sign';
import { EnvironmentError, message, UsageError } from '../errors';
import type { StatementSigner } from './sign';
import { inTotoType } from './types';

/** A service that does not answer must not hold a set back for long; the library asks again in between. */
const timeoutMs = 20_000;
const retries = 2;

/**
 * Signs with the identity of a GitHub job: Fulcio gives a certificate for it that is good for minutes, Rekor keeps a public record that it was
 * used in that time (https://docs.sigstore.dev/about/overview/). Other servers than the public ones are named as for cosign, by
 * COSIGN_FULCIO_URL and COSIGN_REKOR_URL. Nobody waits for an answer once `signal` is aborted; signing then throws its reason.
 * Throws UsageError for addresses that can't be used.
 */
export function keylessSigner(env: NodeJS.ProcessEnv, signal?: AbortSignal): StatementSigner {
  const fulcio = address(env, 'COSIGN_FULCIO_URL', DEFAULT_FULCIO_URL);
  const rekor = address(env, 'COSIGN_REKOR_URL', DEFAULT_REKOR_URL);
  const workflow = env['GITHUB_WORKFLOW_REF'] ?? env['GITHUB_REPOSITORY'] ?? 'this job';
  const common = { timeout: timeoutMs, retry: { retries } };
  const builder = new DSSEBundleBuilder({
    signer: new FulcioSigner({
      fulcioBaseURL: fulcio,
      identityProvider: new CIContextProvider('sigstore'),
      ...common,
    }),
    witnesses: [new RekorWitness({ rekorBaseURL: rekor, entryType: 'dsse', ...common })],
  });
  return {
    describe: `the identity of ${workflow}`,
    id: `keyless ${workflow}`,
    async sign(statement) {
      try {
        const bundle = await until(signal, builder.create({ data: Buffer.from(statement), type: inTotoType }));
        return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
      } catch (cause) {
        signal?.throwIfAborted();
        throw new EnvironmentError(
          `Sigstore did not sign (${new URL(fulcio).host}, ${new URL(rekor).host}): ${message(cause)}. Has the job the permission ` +
            'id-token: write? Is there an outage (https://status.sigstore.dev)? Run again, or use sign: key.',
        );
      }
    },
  };
}

/** What the library is asked for can't be taken back, only left alone. */
async function until<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const done = new AbortController();
  const stopped = new Promise<never>((_, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    done.abort();
  }
}

function address(env: NodeJS.ProcessEnv, name: string, otherwise: string): string {
  const given = env[name] ?? '';
  if (given === '') return otherwise;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isHere = url?.protocol === 'http:' && /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(url.hostname);
  if (url !== undefined && (url.protocol === 'https:' || isHere)) return given.replace(/\/+$/, '');
  throw new UsageError(`${name} is not an https address.`);
}
