import { TrustedRoot } from '@sigstore/protobuf-specs';
import { EnvironmentError, message, UsageError } from '../errors';
import { parseJson } from '../system/json';

/** A trusted root from a file, as `cosign trusted-root create` and `gh attestation trusted-root` write it. Throws UsageError. */
export function parseTrustedRoot(text: string, source: string): TrustedRoot {
  // gh writes one root a line, the public one first.
  const json = parseJson(text) ?? parseJson(text.split('\n', 1)[0] ?? '');
  try {
    const root = TrustedRoot.fromJSON(json);
    if (root.certificateAuthorities.length > 0) return root;
  } catch {
    // Said below.
  }
  throw new UsageError(`${source} is not a trusted root of Sigstore. \`cosign trusted-root create\` writes one.`);
}

/** That of the public Sigstore, by TUF, kept in the user's cache folder. Throws EnvironmentError. */
export async function publicRoot(): Promise<TrustedRoot> {
  try {
    const { getTrustedRoot } = await import('@sigstore/tuf');
    return await getTrustedRoot({ timeout: 20_000, retry: { retries: 2 } });
  } catch (cause) {
    throw new EnvironmentError(
      `Sigstore's trusted root can't be fetched (${message(cause)}). Give one from a file: --trusted-root FILE (\`gh attestation trusted-root\` writes it).`,
    );
  }
}
