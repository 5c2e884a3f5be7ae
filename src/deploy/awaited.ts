import { pathText } from '../system/fieldPath';
import type { Catalog } from '../types';
import type { Change } from './changes';
import { isCustomResource, type CustomResource } from './customResource';
import type { Installation } from './installation';
import type { Deployment } from './objects';
import { placesOf } from './places';
import { isSameImage } from './reference';
import { isEquivalent, snapshotOf, type EnvValue, type Snapshot } from './snapshot';

type Containers = Snapshot['containers'];

/** What an operator is to make of a Deployment before its rollout counts. */
export interface Awaited {
  readonly writer: CustomResource;
  readonly containers: Containers;
  /** What must not be there any more: where a field was taken away, the operator's own choice is not known, but what it was is. */
  readonly gone: Containers;
}

/** Deployment → what its operator is to make of it once a custom resource is as the change says. Pure; of Deployments nothing. */
export function awaitedOf(
  catalog: Pick<Catalog, 'images'>,
  { deployments }: Pick<Installation, 'deployments'>,
  { live, before, after }: Change,
): ReadonlyMap<string, Awaited> {
  if (!isCustomResource(live)) return new Map();
  const found = new Map<string, Awaited>();
  for (const [name, places] of placesOf(catalog, { deployments, resources: [live] })) {
    for (const { deployment, container, writer, hindrance } of places) {
      if (writer === undefined || hindrance !== undefined) continue;
      const of = (image: string, fields: Snapshot['fields'] = {}): string => {
        const path = live.operator.images.get(image)?.path;
        return (path === undefined ? undefined : fields[pathText(path)]) ?? '';
      };
      const bind = catalog.images.get(name)?.bind ?? {};
      const image = of(name, after.fields);
      const env = Object.entries(bind).map(([variable, bound]) => [variable, of(bound, after.fields)] as const);
      const was = (each: string): string => (of(each, after.fields) === '' ? of(each, before.fields) : '');
      const own = found.get(deployment);
      found.set(deployment, {
        writer,
        containers: { ...own?.containers, [container]: contents(image, env) },
        gone: {
          ...own?.gone,
          [container]: contents(
            was(name),
            Object.entries(bind).map(([variable, bound]) => [variable, was(bound)]),
          ),
        },
      });
    }
  }
  return found;
}

function contents(image: string, env: readonly (readonly [string, string])[]): Containers[string] {
  const values = env.flatMap(([name, value]): (readonly [string, EnvValue])[] =>
    value === '' ? [] : [[name, { value }]],
  );
  return { ...(image === '' ? {} : { image }), env: Object.fromEntries(values) };
}

/** Has the operator made of a Deployment what it is to be? Pure. */
export function isMade(live: Deployment, { containers, gone }: Awaited): boolean {
  const like = (each: Containers): Snapshot => ({ containers: each, pullSecrets: {}, annotations: {} });
  if (!isEquivalent(snapshotOf(live, like(containers)), like(containers))) return false;
  const now = snapshotOf(live, like(gone)).containers;
  return Object.entries(gone).every(([name, { image, env }]) => {
    if (image !== undefined && isSameImage(now[name]?.image ?? '', image)) return false;
    return Object.entries(env).every(([variable, value]) => !isSameValue(now[name]?.env[variable] ?? null, value));
  });
}

function isSameValue(one: EnvValue, other: EnvValue): boolean {
  return one !== null && other !== null && 'value' in one && 'value' in other && isSameImage(one.value, other.value);
}
