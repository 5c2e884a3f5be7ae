import type { AttachedFile } from '../../oci/attachments';
import type { StatementSigner } from '../../sigstore/sign';
import { bundleAnnotations, bundleType, inTotoType } from '../../sigstore/types';
import { predicateAnnotation, signerAnnotation } from './attached';

/** A statement as it is attached: as a bundle where somebody signs it. Throws what the signer throws. */
export async function statementFile(
  statement: Uint8Array,
  predicateType: string,
  signer: StatementSigner | undefined,
): Promise<AttachedFile> {
  if (signer === undefined) {
    return { mediaType: inTotoType, bytes: statement, annotations: { [predicateAnnotation]: predicateType } };
  }
  return {
    mediaType: bundleType,
    bytes: await signer.sign(statement),
    annotations: { ...bundleAnnotations(predicateType), [signerAnnotation]: signer.id },
  };
}
