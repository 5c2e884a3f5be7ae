import type { AttachedFile } from '../../oci/attachments';
import type { StatementSigner } from '../../sigstore/sign';
import { bundleAnnotations, bundleType, inTotoType } from '../../sigstore/types';
import { predicateAnnotation, signerAnnotation } from './attached';

/** A statement as it is attached: as a bundle where somebody signs it. `marks`: what its list says of it beside. Throws what the signer throws. */
export async function statementFile(
  statement: Uint8Array,
  predicateType: string,
  signer: StatementSigner | undefined,
  marks: Readonly<Record<string, string>> = {},
): Promise<AttachedFile> {
  if (signer === undefined) {
    return { mediaType: inTotoType, bytes: statement, annotations: { [predicateAnnotation]: predicateType, ...marks } };
  }
  return {
    mediaType: bundleType,
    bytes: await signer.sign(statement),
    annotations: { ...bundleAnnotations(predicateType), [signerAnnotation]: signer.id, ...marks },
  };
}
