import { isRecord } from './data';
import { assign, child, type At, type Found } from './placedValue';
import { imageOfRepository, repositoryOf } from './references';
import type { Assignment } from './assignment';
import type { WantedImage } from './wanted';

/**
 * JSON 6902 patches (https://datatracker.ietf.org/doc/html/rfc6902): an operation that gives a container's image, or the value of a
 * variable, whose names it does not say. The image is identified by the patch's target, or by the reference that it has so far.
 */
export function jsonPatchShape(at: At, images: readonly WantedImage[]): Found {
  const { value } = at;
  if (!isRecord(value) || (value['op'] !== 'replace' && value['op'] !== 'add')) return {};
  const { path, value: given } = value;
  if (typeof path !== 'string' || (typeof given !== 'string' && given !== null)) return {};
  const place = child(at, 'value');
  const named = given === null ? undefined : imageOfRepository(repositoryOf(given), images);
  const set = (image: WantedImage, role: Assignment['role']): Found => ({
    assignments: [assign(place, image, role, { kind: 'set', value: image.reference })],
  });
  if (/\/containers\/\d+\/image$/.test(path)) {
    const isFirst = path.endsWith('/containers/0/image');
    const targeted = images.find(({ deploy }) => deploy !== undefined && deploy.deployment === at.target?.name);
    const image = named ?? (isFirst ? targeted : undefined);
    return image?.deploy === undefined ? {} : set(image, 'image');
  }
  if (/\/env\/\d+\/value$/.test(path) && named !== undefined) return set(named, 'variable');
  return {};
}
