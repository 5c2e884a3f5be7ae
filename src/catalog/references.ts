import { bounds } from '../system/bounds';
import { didYouMean } from '../system/nearest';
import { quoted } from '../system/quoted';
import { findCircles } from './circles';
import { wrongName, wrongRepository } from './fieldRules';
import { operatorMistakes, type FoundOperator } from './operators';
import type { Path } from './yamlTree';

/** Means every image, in each catalog. */
export const everything = 'backend-all';

interface Wrong {
  readonly path: Path;
  readonly text: string;
}

/**
 * What is wrong between the parts of a catalog: images bound or grouped that are not there, images that bind each other in a circle, two
 * images for one repository or one container. Takes the file's plain values, of whatever shape, so that these mistakes are reported together
 * with those of the shape.
 */
export function referenceMistakes(file: unknown): readonly Wrong[] {
  const images = entriesOf(member(file, 'images'));
  const names = images.map(([name]) => name);
  const excess = excesses(file, images);
  // What would be compared below takes time with the square of it.
  if (excess.length > 0) return excess;
  return [
    ...names
      .filter((name) => name === everything)
      .map((name) => ({
        path: ['images', name],
        text: `can't be used: ${quoted(name)} means every image`,
      })),
    ...images.flatMap(([name, image]) => unfitNames(name, image)),
    ...images.flatMap(([name, image]) => bindMistakes(name, image, names)),
    ...circleMistakes(images),
    ...doubles(
      images,
      ([name, image]) => textOf(member(image, 'repository')) ?? name,
      'goes to the same repository as',
    ),
    ...doubles(images, ([, image]) => deployed(image), 'is deployed to the same container as'),
    ...entriesOf(member(file, 'groups')).flatMap(([group, members]) => groupMistakes(group, members, names)),
    ...operatorMistakes(
      operators(file),
      (name) => (names.includes(name) ? boundBy(images.find(([each]) => each === name)?.[1]) : undefined),
      (path, name) => unknownImage(path, name, names),
    ),
  ];
}

function operators(file: unknown): readonly FoundOperator[] {
  return entriesOf(member(file, 'operators')).map(([name, operator]) => ({
    name,
    images: entriesOf(member(operator, 'images')).map(([image, place]) => ({
      name: image,
      path: textOf(member(place, 'path')),
      isDeployed: member(place, 'deploy') !== undefined,
    })),
  }));
}

function boundBy(image: unknown): readonly string[] {
  return entriesOf(member(image, 'bind')).flatMap(([, bound]) => textOf(bound) ?? []);
}

function excesses(file: unknown, images: readonly (readonly [string, unknown])[]): readonly Wrong[] {
  const most = bounds.catalog;
  const more = (path: Path, count: number, bound: number, what: string): readonly Wrong[] =>
    count <= bound ? [] : [{ path, text: `has ${count} ${what}; ${bound} are the most` }];
  const bindings = images.reduce((sum, [, image]) => sum + entriesOf(member(image, 'bind')).length, 0);
  const members = entriesOf(member(file, 'groups')).reduce(
    (sum, [, group]) => sum + (Array.isArray(group) ? group.length : 0),
    0,
  );
  return [
    ...more(['images'], images.length, most.images, 'images'),
    ...more(['images'], bindings, most.bindings, 'bindings'),
    ...more(['groups'], members, most.groupMembers, 'members'),
    // Each is asked for at the cluster.
    ...more(['operators'], entriesOf(member(file, 'operators')).length, most.operators, 'operators'),
  ];
}

/** Not every name of an image can be the name of a repository, which it is by default. */
function unfitNames(name: string, image: unknown): readonly Wrong[] {
  if (member(image, 'repository') !== undefined || wrongName(name) !== undefined) return [];
  const wrong = wrongRepository(name);
  return wrong === undefined ? [] : [{ path: ['images', name], text: `${wrong}, or give the image a repository` }];
}

function bindMistakes(name: string, image: unknown, names: readonly string[]): readonly Wrong[] {
  return entriesOf(member(image, 'bind')).flatMap(([variable, bound]) => {
    const path = ['images', name, 'bind', variable];
    if (bound === name)
      return [{ path, text: `${quoted(name)} can't bind itself: its digest is known only when it is done` }];
    return typeof bound === 'string' ? unknownImage(path, bound, names) : [];
  });
}

function circleMistakes(images: readonly (readonly [string, unknown])[]): readonly Wrong[] {
  const names = new Set(images.map(([name]) => name));
  const bound = new Map(
    images.map(([name, image]) => {
      const targets = entriesOf(member(image, 'bind')).flatMap(([, target]) =>
        typeof target === 'string' && target !== name && names.has(target) ? [target] : [],
      );
      return [name, [...new Set(targets)]];
    }),
  );
  return findCircles(bound).map((circle) => {
    const [first = '', second = ''] = circle;
    const image = images.find(([name]) => name === first)?.[1];
    const variable = entriesOf(member(image, 'bind')).find(([, target]) => target === second)?.[0] ?? '';
    const shown = circle.length > 12 ? [...circle.slice(0, 10), '…', ...circle.slice(-2)] : circle;
    return {
      path: ['images', first, 'bind', variable],
      text: `images bind each other in a circle, so none can be built first: ${shown.map(plain).join(' → ')}; take one bind away`,
    };
  });
}

function groupMistakes(group: string, members: unknown, names: readonly string[]): readonly Wrong[] {
  const path = ['groups', group];
  const list = Array.isArray(members) ? members : [];
  const own = names.includes(group)
    ? [{ path, text: `${quoted(group)} is an image already; give the group another name` }]
    : [];
  const missing = names.filter((name) => !list.includes(name));
  const whole =
    group === everything && missing.length > 0
      ? [{ path, text: `always means every image; leave it out, or add ${missing.slice(0, 10).map(plain).join(', ')}` }]
      : [];
  const unknown = list.flatMap((name: unknown, index) =>
    typeof name === 'string' ? unknownImage([...path, index], name, names) : [],
  );
  return [...own, ...whole, ...unknown];
}

function unknownImage(path: Path, name: string, names: readonly string[]): readonly Wrong[] {
  if (names.includes(name)) return [];
  const known = names.slice(0, 20).map(plain).join(', ');
  return [{ path, text: `there is no image ${quoted(name)}${didYouMean(name, names) || `; known: ${known}`}` }];
}

function doubles(
  images: readonly (readonly [string, unknown])[],
  keyOf: (image: readonly [string, unknown]) => string | undefined,
  verb: string,
): readonly Wrong[] {
  const first = new Map<string, string>();
  return images.flatMap((image) => {
    const key = keyOf(image);
    if (key === undefined) return [];
    const other = first.get(key);
    if (other === undefined) first.set(key, image[0]);
    return other === undefined
      ? []
      : [{ path: ['images', image[0]], text: `${verb} ${quoted(other)}: ${quoted(key)}` }];
  });
}

function deployed(image: unknown): string | undefined {
  const deploy = member(image, 'deploy');
  const deployment = textOf(member(deploy, 'deployment'));
  const container = textOf(member(deploy, 'container'));
  return deployment === undefined || container === undefined ? undefined : `${deployment}/${container}`;
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function member(value: unknown, name: string): unknown {
  return entriesOf(value).find(([key]) => key === name)?.[1];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function plain(name: string): string {
  return quoted(name).slice(1, -1);
}
