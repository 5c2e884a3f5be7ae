import { isRecord } from './data';
import { containerFound } from './deploymentShapes';
import { assign, child, isTarget, type At, type Found } from './placedValue';
import { imageOfRepository, repositoryOf } from './references';
import type { Assignment } from './assignment';
import type { WantedImage } from './wanted';

/**
 * JSON 6902 patches (https://datatracker.ietf.org/doc/html/rfc6902): an operation that gives a container's image, or the value of a
 * variable, whose names it does not say, or a whole container. The image is identified by the patch's target, or by the reference that it has
 * so far.
 */
export function jsonPatchShape(at: At, images: readonly WantedImage[]): Found {
  const { value } = at;
  if (!isRecord(value) || (value['op'] !== 'replace' && value['op'] !== 'add')) return {};
  const { path, value: given } = value;
  if (typeof path !== 'string') return {};
  const targeted = images.filter(({ deploy }) => deploy !== undefined && isTarget(at.target, deploy.deployment));
  const place = child(at, 'value');
  if (isRecord(given) && /\/containers\/(\d+|-)$/.test(path)) {
    const whole = targeted.find(({ deploy }) => deploy?.container === given['name']);
    return whole === undefined ? {} : containerFound(place, whole, images);
  }
  if (typeof given !== 'string' && given !== null) return {};
  const named = given === null ? undefined : imageOfRepository(repositoryOf(given), images);
  const set = (image: WantedImage, role: Assignment['role']): Found => ({
    assignments: [assign(place, image, role, { kind: 'set', value: image.reference })],
  });
  if (/\/containers\/\d+\/image$/.test(path)) {
    const isFirst = path.endsWith('/containers/0/image');
    // A target about several Deployments says nothing of one of them.
    const image = named ?? (isFirst && targeted.length === 1 ? targeted[0] : undefined);
    return image?.deploy === undefined ? {} : set(image, 'image');
  }
  if (/\/env\/\d+\/value$/.test(path) && named !== undefined) return set(named, 'variable');
  return {};
}
