import { UsageError } from '../../errors';

/** How cosign names such keys: https://docs.sigstore.dev/cosign/key_management/overview/ */
const kmsScheme = 'gcpkms://';

/**
 * Is this the reference of a key in some service, rather than a key or a file? cosign's schemes: `gcpkms://`, `awskms://`, `env://`…
 */
export function isKeyReference(given: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/\S*$/.test(given.trim());
}

/**
 * The resource name of a key's version in Google Cloud KMS, of `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N`
 * (`versions/N` is an older way to write it). `name`: of the input, for texts. Throws UsageError for every other reference.
 */
export function readKmsReference(given: string, name: string): string {
  const text = given.trim();
  const scheme = text.slice(0, text.indexOf('://') + 3);
  if (scheme !== kmsScheme) {
    throw new UsageError(
      `${name}: keys by ${scheme.slice(0, 40)} can't be used. Of key management services Google Cloud KMS can ` +
        `(${kmsScheme}projects/…/cryptoKeyVersions/N); else give the key itself, PEM, or sign with the job's identity (sign: keyless), ` +
        'or leave signing to cosign: cosign sign --key REFERENCE IMAGE@DIGEST.',
    );
  }
  const parts =
    /^projects\/([a-z0-9][a-z0-9.:-]{0,99})\/locations\/([a-z0-9-]{1,63})\/keyRings\/([\w-]{1,63})\/cryptoKeys\/([\w-]{1,63})(?:\/(?:cryptoKeyVersions|versions)\/([1-9]\d{0,9}))?$/.exec(
      text.slice(kmsScheme.length),
    );
  if (parts === null) {
    throw new UsageError(
      `${name} is not a reference of a key in Google Cloud KMS. It reads ` +
        `${kmsScheme}projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY/cryptoKeyVersions/N.`,
    );
  }
  const [, project = '', location = '', ring = '', key = '', version] = parts;
  if (version === undefined) {
    throw new UsageError(
      `${name} names no version of the key, and with the version the signature would change unseen. Add /cryptoKeyVersions/N; it has: ` +
        `gcloud kms keys versions list --project ${project} --location ${location} --keyring ${ring} --key ${key}`,
    );
  }
  return `projects/${project}/locations/${location}/keyRings/${ring}/cryptoKeys/${key}/cryptoKeyVersions/${version}`;
}
