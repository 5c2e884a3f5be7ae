import { isLeaf, isRecord } from './data';
import { assign, child, type At, type Found } from './placedValue';
import type { WantedImage } from './wanted';

/**
 * Custom resources from which operators make Deployments, where the catalog says that they name an image (operators): what is there is
 * written, and where an image is named, so are those that must be of one commit with it, since the operator would take its own for them.
 */
export function operatorShape(at: At, images: readonly WantedImage[]): Found {
  if (!isRecord(at.value)) return {};
  const { kind, apiVersion } = at.value;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return {};
  const places = images.flatMap((image) =>
    (image.fields ?? [])
      .filter((field) => field.kind === kind && apiVersion.startsWith(`${field.group}/`))
      .map(({ path }) => ({ image, place: child(at, ...path), above: child(at, ...path.slice(0, -1)) })),
  );
  const isNamed = ({ place }: (typeof places)[number]): boolean =>
    place.value !== undefined && place.value !== null && isLeaf(place.value);
  const named = new Set(places.filter(isNamed).map(({ image }) => image.name));
  return {
    assignments: places.flatMap((each) => {
      const { image, place, above } = each;
      const role = image.deploy === undefined ? 'variable' : 'image';
      if (isNamed(each)) return [assign(place, image, role, { kind: 'set', value: image.reference })];
      const belongs = image.belongsTo.some((name) => named.has(name));
      if (!belongs || !isRecord(above.value)) return [];
      if (place.value === null) return [assign(place, image, role, { kind: 'set', value: image.reference })];
      return place.value === undefined ? [assign(place, image, role, { kind: 'add', value: image.reference })] : [];
    }),
  };
}
