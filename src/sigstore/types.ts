/** Media type of an in-toto statement, within an envelope and of a file: https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md */
export const inTotoType = 'application/vnd.in-toto+json';

/** Media type of a bundle, and of the artifact that holds one. */
export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** How cosign marks such an artifact. */
export const bundleAnnotations = (predicateType: string): Readonly<Record<string, string>> => ({
  'dev.sigstore.bundle.content': 'dsse-envelope',
  'dev.sigstore.bundle.predicateType': predicateType,
});
