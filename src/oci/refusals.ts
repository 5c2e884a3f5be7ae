import { RegistryError } from '../errors';

/**
 * Does a registry's refusal say that the tag exists and may not be moved? Artifact Registry: "manifest invalid: cannot update tag X. The
 * repository has enabled tag immutability" (https://cloud.google.com/artifact-registry/docs/docker/troubleshoot); ECR: "The image tag 'X'
 * already exists in the 'R' repository and cannot be overwritten because the repository is immutable"; Harbor: "configured as immutable"; Azure,
 * where it is locked: "The operation is disallowed on this registry, repository or image" (https://aka.ms/acr/faq).
 */
export function isImmutable(error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    error.status !== undefined &&
    /immutab|ImageTagAlreadyExists|operation is disallowed on this registry/i.test(error.message)
  );
}

/** Does it say that a manifest's part is not there? https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export function saysPartIsMissing(error: unknown): boolean {
  return error instanceof RegistryError && error.codes.some((code) => /^(MANIFEST_)?BLOB_UNKNOWN$/.test(code));
}
