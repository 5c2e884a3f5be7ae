import { isList, isRecord } from './data';
import { assign, child, type At, type Found } from './placedValue';
import { placeName, type Assignment } from './assignment';
import { imageOfRepository, repositoryOf } from './references';
import { upstreamNames, type WantedImage } from './wanted';

/** An entry of a kustomization's `images:`. https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/ */
interface Entry {
  readonly name: string;
  readonly newName: string;
  readonly newTag: string;
  readonly digest: string;
}

/**
 * `images:` of a kustomization, of Flux' Kustomization and of post renderers: newName becomes our repository, and digest our digest. A newTag
 * makes room for it, because kustomize would keep both. Entries reach the images of containers, and no variable.
 */
export function kustomizeShape(at: At, images: readonly WantedImage[]): Found {
  if (!isList(at.value) || at.keys.at(-1) !== 'images') return {};
  const items: readonly unknown[] = at.value;
  const assignments: Assignment[] = [];
  const problems: string[] = [];
  for (const [index, item] of items.entries()) {
    if (!isImageEntry(item)) continue;
    const named = imagesOf(item, images);
    const [image] = named;
    if (image === undefined) continue;
    const entry = child(at, index);
    if (named.length > 1) {
      const names = named.map(({ name }) => name).join(', ');
      problems.push(
        `${placeName(entry)} is about several images of the set (${names}). Give each an entry of its own.`,
      );
    } else if (Object.hasOwn(item, 'tagSuffix')) {
      problems.push(`${placeName(entry)} has a tagSuffix, which kustomize adds to whatever is written. Take it out.`);
    } else assignments.push(...entryAssignments(entry, item, image));
  }
  return { assignments, problems };
}

/** Is an item of a list `images` one of a kustomization? Helm values have such lists too, with other keys. */
export function isImageEntry(item: unknown): item is Readonly<Record<string, unknown>> {
  if (!isRecord(item) || typeof item['name'] !== 'string') return false;
  return !['tag', 'repository', 'registry', 'image'].some((key) => Object.hasOwn(item, key));
}

/** By its new name, or by the names that its `name` (a regular expression) matches. */
function imagesOf(entry: Readonly<Record<string, unknown>>, images: readonly WantedImage[]): readonly WantedImage[] {
  const own = images.find(({ repository }) => entry['newName'] === repository || entry['name'] === repository);
  if (own !== undefined) return [own];
  const matches = matcher(String(entry['name']));
  return images.filter(({ name }) => upstreamNames.get(name)?.some(matches) === true);
}

function entryAssignments(at: At, entry: Readonly<Record<string, unknown>>, image: WantedImage): readonly Assignment[] {
  const role = image.deploy === undefined ? 'entry' : 'image';
  const group = placeName(at);
  const make = (key: string, change: Parameters<typeof assign>[3]): Assignment =>
    assign(child(at, key), image, role, change, { group });
  const set = (key: string, value: string): Assignment =>
    make(key, { kind: Object.hasOwn(entry, key) ? 'set' : 'add', value });
  const made: Assignment[] = [];
  if (Object.hasOwn(entry, 'newName') || entry['name'] !== image.repository)
    made.push(set('newName', image.repository));
  if (Object.hasOwn(entry, 'digest') && Object.hasOwn(entry, 'newTag')) {
    // The later one goes: taking out the first would take the place of the others.
    const keys = Object.keys(entry);
    if (keys.indexOf('digest') < keys.indexOf('newTag'))
      made.push(set('digest', image.digest), make('newTag', { kind: 'remove' }));
    else
      made.push(
        make('digest', { kind: 'remove' }),
        make('newTag', { kind: 'rename', key: 'digest', value: image.digest }),
      );
  } else if (Object.hasOwn(entry, 'digest')) made.push(set('digest', image.digest));
  else if (Object.hasOwn(entry, 'newTag'))
    made.push(make('newTag', { kind: 'rename', key: 'digest', value: image.digest }));
  else made.push(set('digest', image.digest));
  return made;
}

/**
 * `kustomize.images` of an Argo CD Application, texts `[OLD=]NEW[:TAG|@DIGEST]`:
 * https://argo-cd.readthedocs.io/en/stable/user-guide/kustomize/#setting-kustomize-version
 */
export function argocdShape(at: At, images: readonly WantedImage[]): Found {
  const [holder, key] = at.keys.slice(-2);
  if (!isList(at.value) || holder !== 'kustomize' || key !== 'images') return {};
  const assignments = at.value.flatMap((item, index) => {
    if (typeof item !== 'string') return [];
    const [name, given] = item.includes('=') ? item.split('=', 2) : [repositoryOf(item), item];
    const image = [given, name].flatMap((each) => imageOfRepository(repositoryOf(each ?? ''), images) ?? [])[0];
    if (image === undefined) return [];
    const value = name === image.repository ? image.reference : `${name ?? ''}=${image.reference}`;
    const role = image.deploy === undefined ? 'entry' : 'image';
    return [assign(child(at, index), image, role, { kind: 'set', value })];
  });
  return { assignments };
}

/**
 * Which images an `images:` list does not lead to the set, though it is about them: entries feed each other, in their order, and their names
 * are regular expressions. `left`: entries that somebody else writes, whose images are theirs. Pure; sentences for people.
 */
export function chainProblems(at: At, images: readonly WantedImage[], left: readonly string[] = []): readonly string[] {
  if (!isList(at.value) || at.keys.at(-1) !== 'images') return [];
  const entries = at.value.flatMap((item, index) => {
    const entry = isImageEntry(item) ? entryOf(item) : undefined;
    return entry === undefined ? [] : [{ ...entry, isLeft: left.includes(placeName(child(at, index))) }];
  });
  // Entries reach containers only, so that what runs in none does not matter.
  return images.flatMap((image) => {
    if (image.deploy === undefined) return [];
    const starts = [...(upstreamNames.get(image.name) ?? []), image.repository];
    const wrong = starts.flatMap((name) => {
      const touching = entries.filter((entry) => matcher(entry.name)(name));
      const isOurs = touching.length > 0 && !touching.some(({ isLeft }) => isLeft);
      const end = isOurs ? entries.reduce(through, { name, tag: ':old' }) : undefined;
      return end === undefined || (end.name === image.repository && end.tag.endsWith(`@${image.digest}`)) ? [] : [end];
    });
    const [end] = wrong;
    return end === undefined
      ? []
      : [
          `${placeName(at)}: its entries, one after the other, make ${end.name}${end.tag === ':old' ? '' : end.tag} of ${image.name}. ` +
            'An entry also matches what an earlier one gave. Take out the one that is too much.',
        ];
  });
}

/** As kustomize's own filter does it: https://github.com/kubernetes-sigs/kustomize/blob/master/api/filters/imagetag/updater.go */
function through(reference: { readonly name: string; readonly tag: string }, entry: Entry): typeof reference {
  if (!matcher(entry.name)(reference.name)) return reference;
  const tag = (entry.newTag === '' ? '' : `:${entry.newTag}`) + (entry.digest === '' ? '' : `@${entry.digest}`);
  return { name: entry.newName === '' ? reference.name : entry.newName, tag: tag === '' ? reference.tag : tag };
}

function entryOf(item: Readonly<Record<string, unknown>>): Entry | undefined {
  const text = (key: string): string => {
    const value = item[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const name = text('name');
  return name === '' ? undefined : { name, newName: text('newName'), newTag: text('newTag'), digest: text('digest') };
}

function matcher(name: string): (repository: string) => boolean {
  try {
    const expression = new RegExp(`^${name}$`);
    return (repository) => expression.test(repository);
  } catch {
    return (repository) => repository === name;
  }
}
