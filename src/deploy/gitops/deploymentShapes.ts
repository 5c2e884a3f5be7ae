import { isLeaf, isList, isRecord } from './data';
import { assign, child, isTarget, type At, type Found } from './placedValue';
import { placeName, type Assignment } from './assignment';
import { quoted } from '../../system/quoted';
import type { WantedImage } from './wanted';

/**
 * Deployments (whole ones and patches) of the images: the container's image by its name, and the variables that name other images. A
 * variable that is missing is added, since the ones of the base manifests would win over those in the image.
 */
export function deploymentShape(at: At, images: readonly WantedImage[]): Found {
  if (!isRecord(at.value) || at.value['kind'] !== 'Deployment') return {};
  const name = child(at, 'metadata', 'name').value;
  const containers = child(at, 'spec', 'template', 'spec', 'containers');
  if (!isList(containers.value)) return {};
  const found = containers.value.flatMap((_, index) => {
    const container = child(containers, index);
    const own = child(container, 'name').value;
    const image = images.find(
      ({ deploy }) =>
        deploy !== undefined &&
        (deploy.deployment === name || isTarget(at.target, deploy.deployment)) &&
        deploy.container === own,
    );
    return image === undefined ? [] : [containerFound(container, image, images)];
  });
  return { assignments: found.flatMap(({ assignments = [] }) => assignments) };
}

/** A container of an image: its image, and its variables. */
export function containerFound(container: At, image: WantedImage, images: readonly WantedImage[]): Found {
  const own = child(container, 'image');
  const hasImage = isRecord(container.value) && Object.hasOwn(container.value, 'image');
  const env = child(container, 'env');
  const entries: readonly unknown[] = isList(env.value) ? env.value : [];
  const missing = image.env.filter(
    ({ variable }) => !entries.some((entry) => isRecord(entry) && entry['name'] === variable),
  );
  const assignments: Assignment[] = [];
  if (hasImage) assignments.push(assign(own, image, 'image', { kind: 'set', value: image.reference }));
  // A patch that does not touch the image is not about the set.
  if (hasImage && missing.length > 0) {
    const variables = missing.map(({ variable, reference }) => ({ name: variable, value: reference }));
    const bound = images.find(({ name }) => name === missing[0]?.image) ?? image;
    assignments.push(assign(env, bound, 'variable', { kind: 'variables', variables }));
  }
  return { assignments };
}

/**
 * The variables by their names: `{name: V2_DRIVER_IMAGE, value: …}` of any list (also `name: api.env.V2_DRIVER_IMAGE`, as parameters of Helm
 * have it), the key V2_DRIVER_IMAGE of any map (a ConfigMap, Helm values, a `.env` file) or its `value`, and `V2_DRIVER_IMAGE=…` of a list of texts (`literals` of a configMapGenerator).
 */
export function variableShapes(at: At, images: readonly WantedImage[]): Found {
  const { value } = at;
  const assignments: Assignment[] = [];
  const problems: string[] = [];
  for (const { variable, image: bound, reference } of images.flatMap(({ env }) => env)) {
    const image = images.find(({ name }) => name === bound);
    if (image === undefined) continue;
    const set = (place: At, text: string): number =>
      assignments.push(assign(place, image, 'variable', { kind: 'set', value: text }));
    if (isRecord(value)) {
      const { name } = value;
      const isNamed = name === variable || (typeof name === 'string' && name.endsWith(`.${variable}`));
      if (isNamed && Object.hasOwn(value, 'value') && isLeaf(value['value'])) set(child(at, 'value'), reference);
      const own = child(at, variable);
      if (Object.hasOwn(value, variable) && isLeaf(own.value)) set(own, reference);
      if (isRecord(own.value) && Object.hasOwn(own.value, 'value') && isLeaf(own.value['value']))
        set(child(own, 'value'), reference);
    } else if (isList(value)) {
      const count = value.filter((item) => names(item, variable)).length;
      if (count > 1)
        problems.push(
          `${placeName(at)} has ${variable} ${count} times, of which the last one counts. Leave one of them.`,
        );
      for (const [index, item] of value.entries())
        if (typeof item === 'string' && item.startsWith(`${variable}=`))
          set(child(at, index), `${variable}=${reference}`);
    }
    const { format } = at.source;
    if (format.kind === 'env' && at.path.length === 0 && format.pairs.filter(({ key }) => key === variable).length > 1)
      problems.push(`${placeName(at)} has ${quoted(variable)} twice. Leave one of them.`);
  }
  return { assignments, problems };
}

/** Is an item of a list about a variable: an entry, the operation of a JSON patch that adds one, or `NAME=value`? */
function names(item: unknown, variable: string): boolean {
  if (typeof item === 'string') return item.startsWith(`${variable}=`);
  if (!isRecord(item)) return false;
  return item['name'] === variable || (item['op'] !== undefined && names(item['value'], variable));
}
