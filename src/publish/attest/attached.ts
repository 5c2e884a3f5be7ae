import type { Attachments } from '../../oci/attachments';
import { bundleType, inTotoType } from '../../sigstore/types';
import type { Referrer } from '../../types';

/** One statement that is attached to an image or a set, as far as its list tells: nothing of it is verified. */
export interface AttachedStatement {
  /** Of the artifact. */
  readonly digest: string;
  readonly predicateType: string | undefined;
  readonly isSigned: boolean;
  /** Who signed it, by a mark of ours; undefined: it has none. */
  readonly signer: string | undefined;
  /** What it is a provenance of, by a mark of ours; undefined: it has none. */
  readonly of: string | undefined;
}

/** Marks who signed a bundle, so that a repeat needs not read it. A hint, no proof: `verify` looks at the signature. */
export const signerAnnotation = 'vnd.kfp-images.signer';

/** Marks of what a provenance of ours is one: the image's content key, or the set's commit. Others may attach provenances too. */
export const provenanceAnnotation = 'vnd.kfp-images.provenance-of';

/** Marks a statement without a signature, as BuildKit does. */
export const predicateAnnotation = 'in-toto.io/predicate-type';

const imageConfigType = 'application/vnd.oci.image.config.v1+json';

/** The statements attached to a digest. RegistryError, PublishError. */
export async function listStatements(
  attachments: Attachments,
  repository: string,
  digest: string,
): Promise<readonly AttachedStatement[]> {
  return (await attachments.list(repository, digest)).flatMap((referrer) => statementOf(referrer) ?? []);
}

/** The statement that an artifact holds, whoever signed it or nobody; undefined: it holds none. RegistryError. */
export async function attachedStatement(
  attachments: Attachments,
  repository: string,
  artifact: string,
): Promise<Uint8Array | undefined> {
  const file = await attachments.read(repository, artifact);
  if (file === undefined || file.mediaType === inTotoType) return file?.bytes;
  // Its packages are a tenth of what a run loads, and most runs read no bundle.
  const { openBundle } = await import('../../sigstore/verify');
  return openBundle(file.bytes)?.statement;
}

function statementOf({ digest, artifactType, annotations }: Referrer): AttachedStatement | undefined {
  const signed = annotations['dev.sigstore.bundle.predicateType'];
  const plain = annotations[predicateAnnotation];
  const isOurs = artifactType === bundleType || artifactType === inTotoType || artifactType === imageConfigType;
  if (!isOurs && signed === undefined && plain === undefined) return undefined;
  return {
    digest,
    predicateType: signed ?? plain,
    isSigned: artifactType === bundleType || signed !== undefined,
    signer: annotations[signerAnnotation],
    of: annotations[provenanceAnnotation],
  };
}
