import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { fieldsApplied } from './appliedFields';
import { isCustomResource, isMap, keyOf, kubectlNames, titleOf, type Live } from './customResource';
import { readAgain } from './installation';
import { isConflict, type Answer, type Call, type Kubectl } from './kubectl';
import type { Deployment } from './objects';
import { lastApplied } from './owners';
import type { EnvValue, Snapshot } from './snapshot';

/** Under this name the API server notes what we write. https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
export const fieldManager = 'kfp-images';

/*
 * What a deploy writes belongs to somebody who writes the Deployment again: their next write has to find it usable and to take all of it
 * back, not the image alone. A variable that was added would stay beside the image of before (another commit's driver under the old
 * apiserver), a value beside the reference that it replaced would be refused for ever, and whoever applies on the server would meet a
 * conflict. So, once a patch is made, what it wrote is put under the owner's name.
 */

const attempts = 5;
/** Before the second attempt; then twice, three times as long. */
const pauseMs = 200;

/**
 * Hands over what a patch wrote. Repeats where the Deployment is written in between; gives a sentence when it could not be done, since
 * the patch itself stays.
 */
export async function handOver(kubectl: Kubectl, written: Live, to: Snapshot): Promise<readonly string[]> {
  const name = titleOf(keyOf(written));
  try {
    for (let attempt = 1; ; attempt++) {
      const calls = handOverCalls(await readAgain(kubectl, written), to);
      const answers = [];
      for (const call of calls) answers.push(await kubectl(call));
      const failed = answers.find(({ exitCode }) => exitCode !== 0);
      if (failed === undefined) return [];
      if (!(isConflict(failed) || isFailedTest(failed)) || attempt === attempts)
        return [unable(name, failed.stderr.trim())];
      await sleep(pauseMs * attempt);
    }
  } catch (thrown) {
    return [unable(name, thrown instanceof Error ? thrown.message : String(thrown))];
  }
}

/** A JSON patch whose `test` does not hold, here because the Deployment was written in between, is refused in these words (seen: 1.33.13). */
function isFailedTest({ stderr }: Answer): boolean {
  return stderr.includes('the server rejected our request due to an error in our request');
}

function unable(name: string, why: string): string {
  return `${name}: what was written could not be put under the name of who applies it, whose next apply may meet a conflict: ${why}`;
}

/** The calls that hand it over, as it is after the patch to a snapshot. Pure; none: nobody applies it, or nothing is left to do. */
export function handOverCalls(live: Live, to: Snapshot): readonly Call[] {
  const { resourceVersion, annotations } = live.metadata;
  const fields = withoutOurs(live.metadata.managedFields, (entry) =>
    isCustomResource(live)
      ? Object.hasOwn(entry, 'f:spec')
      : Object.keys(to.containers).some((container) => hasContainer(entry, container)),
  );
  const text = annotations[lastApplied];
  const applied =
    text === undefined ? undefined : isCustomResource(live) ? fieldsApplied(text, to) : withVariables(text, to);
  return [
    ...(fields === undefined
      ? []
      : [
          {
            args: [
              'patch',
              ...kubectlNames(live),
              '--type=json',
              '--output=name',
              `--field-manager=${fieldManager}`,
              `--patch=${JSON.stringify([
                { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
                { op: 'replace', path: '/metadata/managedFields', value: fields },
              ])}`,
            ],
          },
        ]),
    // On standard input: the manifest holds other variables too, which are not ours to show.
    ...(applied === undefined
      ? []
      : [{ args: ['apply', 'set-last-applied', '--filename=-', '--output=name'], input: applied }]),
  ];
}

type ManagedFields = Deployment['metadata']['managedFields'];
type Fields = Readonly<Record<string, unknown>>;

/** All entries, with what we own of the spec in that of who applies the same part. undefined: there is nothing to move. */
function withoutOurs(entries: ManagedFields, isTheirs: (fields: Fields) => boolean): ManagedFields | undefined {
  const isOurs = (entry: ManagedFields[number]): boolean =>
    entry.manager === fieldManager && entry.operation === 'Update' && entry.subresource === undefined;
  const spec = entries.find(isOurs)?.fieldsV1['f:spec'];
  const heir = entries.find(
    ({ operation, subresource, fieldsV1 }) => operation === 'Apply' && subresource === undefined && isTheirs(fieldsV1),
  );
  if (spec === undefined || heir === undefined) return undefined;
  return entries.flatMap((entry) => {
    if (entry === heir) return [{ ...entry, fieldsV1: union(entry.fieldsV1, { 'f:spec': spec }) }];
    if (!isOurs(entry)) return [entry];
    const rest = Object.entries(entry.fieldsV1).filter(([name]) => name !== 'f:spec');
    return rest.length === 0 ? [] : [{ ...entry, fieldsV1: Object.fromEntries(rest) }];
  });
}

function hasContainer(fields: Fields, name: string): boolean {
  const path = ['f:spec', 'f:template', 'f:spec', 'f:containers', `k:{"name":${JSON.stringify(name)}}`];
  return path.reduce<unknown>((at, key) => (isMap(at) ? at[key] : undefined), fields) !== undefined;
}

/** Sets of fields are trees of objects. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/#FieldsV1 */
function union(a: Fields, b: Fields): Fields {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(
    keys.map((key) => {
      const [one, other] = [a[key], b[key]];
      return [key, isMap(one) && isMap(other) ? union(one, other) : (one ?? other)];
    }),
  );
}

const manifest = v.looseObject({
  spec: v.looseObject({
    template: v.looseObject({
      spec: v.looseObject({
        containers: v.array(
          v.looseObject({ name: v.string(), env: v.optional(v.array(v.looseObject({ name: v.string() }))) }),
        ),
      }),
    }),
  }),
});

/**
 * What `kubectl apply` remembers, with the variables that it does not know or knows as another kind: it takes away only what it remembers.
 * undefined: it knows all of them as they are, or what is there can't be read.
 */
function withVariables(text: string, { containers }: Snapshot): string | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), manifest), text);
  if (!parsed.success) return undefined;
  const { spec } = parsed.output.spec.template;
  const updated = spec.containers.map((container) => {
    const before = container.env ?? [];
    const wanted = Object.entries(containers[container.name]?.env ?? {});
    const env = wanted.reduce<Env>((list, [name, value]) => remembered(list, name, value), before);
    return env === before ? container : { ...container, env };
  });
  if (updated.every((container, index) => container === spec.containers[index])) return undefined;
  const { template } = parsed.output.spec;
  const changed = { ...template, spec: { ...spec, containers: updated } };
  return JSON.stringify({ ...parsed.output, spec: { ...parsed.output.spec, template: changed } });
}

type Env = readonly { readonly name: string; readonly [key: string]: unknown }[];

function remembered(env: Env, name: string, value: EnvValue): Env {
  const found = env.findLast((each) => each.name === name);
  if (value === null) return found === undefined ? env : env.filter((each) => each !== found);
  const kind = 'value' in value ? 'value' : 'valueFrom';
  if (found !== undefined && Object.hasOwn(found, kind)) return env;
  return [...env.filter((each) => each !== found), { name, ...value }];
}
