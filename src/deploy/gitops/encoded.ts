import type { Assignment } from './assignment';
import { isList, isRecord } from './data';
import type { Path, Source } from './source';
import { currentValue } from './write';

/**
 * Why no reference can be written at a place: what reads the file takes it for something else than text. As the end of a sentence about the
 * place; undefined: it can be. Pure. `data` of a Secret is base64 (https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data),
 * of a SealedSecret encrypted; SOPS proves every value of a file, also those that it does not encrypt
 * (https://getsops.io/docs/#message-authentication-code).
 */
export function encodedWhy(assignment: Assignment): string | undefined {
  const value = currentValue(assignment);
  let place: { readonly source: Source; readonly path: Path } | undefined = assignment;
  while (place !== undefined) {
    const why = sopsWhy(place.source, value) ?? secretWhy(place.source, place.path);
    if (why !== undefined) return why;
    place = place.source.within;
  }
  return undefined;
}

function sopsWhy({ data, format }: Source, value: unknown): string | undefined {
  const marks = data.flatMap((each) => (isRecord(each) && isRecord(each['sops']) ? [each['sops']] : []));
  const isProven =
    marks.some((mark) => typeof mark['mac'] === 'string' && mark['mac_only_encrypted'] !== true) ||
    (format.kind === 'env' && format.pairs.some(({ key }) => key === 'sops_mac'));
  const isEncrypted = marks.length > 0 && typeof value === 'string' && value.startsWith('ENC[');
  return isProven || isEncrypted
    ? 'is in a file that SOPS encrypts and proves: written from outside, it could not be decrypted any more. Keep images in a file beside it, or use sops'
    : undefined;
}

function secretWhy({ data, format }: Source, path: Path): string | undefined {
  const steps = format.kind === 'yaml' ? path : [0, ...path];
  let at: unknown = data;
  for (const step of steps) {
    const kind = isRecord(at) ? at['kind'] : undefined;
    if (kind === 'Secret' && step === 'data')
      return "is in a Secret's data, which holds base64. Name images in stringData, or better in a ConfigMap";
    if (isRecord(at) && step === 'encryptedData')
      return 'is encrypted (encryptedData of a SealedSecret). Name images in a ConfigMap';
    at = isList(at) ? at[Number(step)] : isRecord(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return undefined;
}
