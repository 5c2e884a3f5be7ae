import { isLeaf, isList, isRecord } from './data';
import { assign, child, type At, type Found } from './placedValue';
import { placeName, type Assignment } from './assignment';
import { isImageEntry } from './kustomizeShapes';
import { imageOfRepository } from './references';
import type { WantedImage } from './wanted';

const digest = /^(sha256:)?[0-9a-f]{64}$/;

/** A value and what it says. */
type Fields = ReadonlyMap<string, At>;

/**
 * Helm values that have an image in parts: `repository` (or `image`, `name`) with `tag` or `digest` beside it, and maybe `registry` apart;
 * in maps, and in the `helm.parameters` of an Argo CD Application, where each part is `{name: a.image.tag, value: …}`.
 */
export function helmShape(at: At, images: readonly WantedImage[]): Found {
  // Entries of a kustomization look alike, and mean other things.
  if (at.keys.at(-2) === 'images' && at.keys.at(-1) === '*' && isImageEntry(at.value)) return {};
  if (isRecord(at.value)) {
    const fields = Object.keys(at.value).map((key) => [key, child(at, key)] as const);
    return { assignments: partsFound(new Map(fields), placeName(at), images) };
  }
  if (!isList(at.value) || at.keys.at(-1) !== 'parameters') return {};
  const groups = new Map<string, Map<string, At>>();
  for (const [index, item] of at.value.entries()) {
    if (!isRecord(item) || typeof item['name'] !== 'string' || !Object.hasOwn(item, 'value')) continue;
    const [, prefix = '', last = ''] = /^(?:(.*)\.)?([^.]+)$/.exec(item['name']) ?? [];
    const group = groups.get(prefix) ?? new Map<string, At>();
    groups.set(prefix, group.set(last, child(at, index, 'value')));
  }
  return {
    assignments: [...groups].flatMap(([prefix, fields]) => partsFound(fields, `${placeName(at)} ${prefix}`, images)),
  };
}

function partsFound(fields: Fields, group: string, images: readonly WantedImage[]): readonly Assignment[] {
  const text = (key: string): string => {
    const value = fields.get(key)?.value;
    return typeof value === 'string' ? value : '';
  };
  const has = (key: string): boolean => fields.has(key) && isLeaf(fields.get(key)?.value);
  const key = ['repository', 'image', 'name'].find((each) => text(each) !== '');
  // Some charts have the digest as `sha`, where an empty one may mean anything.
  const digests = ['digest', 'sha'].filter((each) => has(each) && (each === 'digest' || digest.test(text(each))));
  if (key === undefined || (!has('tag') && digests.length === 0)) return [];
  const registry = text('registry');
  const image = imageOfRepository(registry === '' ? text(key) : `${registry}/${text(key)}`, images);
  if (image === undefined) return [];
  const [host = ''] = image.repository.split('/');
  const made: Assignment[] = [];
  const set = (field: string, value: string): void => {
    const place = fields.get(field);
    if (place !== undefined) made.push(assign(place, image, 'value', { kind: 'set', value }, { group }));
  };
  if (registry !== '') set('registry', host);
  set(key, registry === '' ? image.repository : image.repository.slice(host.length + 1));
  for (const each of digests) set(each, /^[0-9a-f]{64}$/.test(text(each)) ? image.digest.slice(7) : image.digest);
  const tag = fields.get('tag')?.value;
  // An empty tag beside a digest is meant to be empty.
  if (has('tag') && !(has('digest') && (tag === null || tag === '')))
    set('tag', String(tag).includes('@sha256:') ? `${image.tag}@${image.digest}` : image.tag);
  return made;
}
