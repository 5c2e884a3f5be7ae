import * as v from 'valibot';
import { readConfigMapData } from './cluster';
import type { Kubectl } from './kubectl';
import type { Container, EnvVariable } from './objects';

/** What a container finds in a variable; `hidden`: that can't be read from here, and why. */
export type Variable =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unset' }
  | { readonly kind: 'hidden'; readonly why: string };

const unset: Variable = { kind: 'unset' };
const text = (value: string): Variable => ({ kind: 'text', text: value });
const hidden = (why: string): Variable => ({ kind: 'hidden', why });

/**
 * Reads a variable as the kubelet gives it to the container: `env` goes before `envFrom`, later entries before earlier ones. ConfigMaps are
 * looked into, Secrets are not.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables
 */
export async function readVariable(
  kubectl: Kubectl,
  { env, envFrom }: Pick<Container, 'env' | 'envFrom'>,
  name: string,
  signal?: AbortSignal,
): Promise<Variable> {
  const own = env.findLast((each) => each.name === name);
  if (own !== undefined) return ownValue(kubectl, own, signal);
  for (const each of envFrom.toReversed()) {
    const parsed = v.safeParse(source, each);
    if (!parsed.success) return hidden('a source of variables can’t be read');
    const { prefix, configMapRef, secretRef } = parsed.output;
    if (!name.startsWith(prefix)) continue;
    if (secretRef !== undefined) return hidden(`it may come from the Secret ${secretRef.name}, which is not read`);
    if (configMapRef === undefined) continue;
    const found = await configMapValue(kubectl, configMapRef.name, name.slice(prefix.length), signal);
    if (found.kind !== 'unset') return found;
  }
  return unset;
}

async function ownValue(kubectl: Kubectl, { value, valueFrom }: EnvVariable, signal?: AbortSignal): Promise<Variable> {
  if (valueFrom === undefined || valueFrom === null) {
    const given = value ?? '';
    return /(?<!\$)(\$\$)*\$\([^)]+\)/.test(given)
      ? hidden('it is put together from other variables')
      : text(given.replaceAll('$$', '$'));
  }
  const parsed = v.safeParse(reference, valueFrom);
  if (!parsed.success) return hidden('it comes from a reference that can’t be read');
  const { configMapKeyRef, secretKeyRef } = parsed.output;
  if (configMapKeyRef !== undefined) return configMapValue(kubectl, configMapKeyRef.name, configMapKeyRef.key, signal);
  return secretKeyRef === undefined
    ? hidden('it comes from a field of the pod')
    : hidden(`it comes from the Secret ${secretKeyRef.name}, which is not read`);
}

async function configMapValue(kubectl: Kubectl, name: string, key: string, signal?: AbortSignal): Promise<Variable> {
  const data = await readConfigMapData(kubectl, name, signal);
  if (data === 'forbidden') return hidden(`it comes from the ConfigMap ${name}, which the user may not read`);
  const value = data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
  return value === undefined ? unset : text(value);
}

const named = v.object({ name: v.optional(v.string(), '') });
const key = v.object({ name: v.optional(v.string(), ''), key: v.string() });
const source = v.object({
  prefix: v.optional(v.string(), ''),
  configMapRef: v.optional(named),
  secretRef: v.optional(named),
});
const reference = v.object({ configMapKeyRef: v.optional(key), secretKeyRef: v.optional(key) });
