import type { Deployment } from './objects';
import type { EnvValue, Snapshot } from './snapshot';

/** The names of each container's variables, in their order and as often as they occur there. */
type EnvOrder = Readonly<Record<string, readonly string[]>>;

/** The order of a Deployment's variables as they are now. */
export function envOrder({ spec }: Deployment): EnvOrder {
  const { containers } = spec.template.spec;
  return Object.fromEntries(containers.map(({ name, env }) => [name, env.map((each) => each.name)]));
}

/**
 * The strategic-merge patch that takes a Deployment to a snapshot: lists are merged by name, so that other containers, variables and pull
 * secrets stay. With a resourceVersion the API server refuses it when the Deployment was changed in between.
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 *
 * `order`: how the variables are now. What a patch lists gets the patch's order, and `$(NAME)` in a variable only sees those before it
 * (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/), so that they are listed as they
 * are. Of two with one name a merge reaches the first while the process gets the last: both are deleted and one is set, in the place of
 * the first. What is new, or set again, would come before all others: the whole order is given then.
 */
export function patchTo(to: Snapshot, order: EnvOrder, resourceVersion?: string): object {
  const containers = Object.keys(order).flatMap((name) => {
    const { image, env } = to.containers[name] ?? { env: {} };
    if (image === undefined && Object.keys(env).length === 0) return [];
    return [
      {
        name,
        ...(image === undefined ? {} : { image }),
        ...(Object.keys(env).length === 0 ? {} : envPatch(env, order[name] ?? [])),
      },
    ];
  });
  const secrets = Object.entries(to.pullSecrets).map(([name, isThere]) =>
    isThere ? { name } : { $patch: 'delete', name },
  );
  return {
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      annotations: to.annotations,
    },
    spec: {
      template: { spec: { containers, ...(secrets.length === 0 ? {} : { imagePullSecrets: secrets }) } },
    },
  };
}

function envPatch(env: Readonly<Record<string, EnvValue>>, order: readonly string[]): object {
  const names = [...new Set([...order.filter((name) => Object.hasOwn(env, name)), ...Object.keys(env)])];
  const isDoubled = (name: string): boolean => order.indexOf(name) !== order.lastIndexOf(name);
  const items = names.flatMap((name) => {
    const value = env[name] ?? null;
    const gone = { $patch: 'delete', name };
    if (value === null) return [gone];
    return [...(isDoubled(name) ? [gone] : []), variable(name, value)];
  });
  const left = [...new Set([...order, ...names])].filter((name) => !Object.hasOwn(env, name) || env[name] !== null);
  const isClear = names.every((name) => order.includes(name) && !isDoubled(name));
  return { ...(isClear ? {} : { '$setElementOrder/env': left.map((name) => ({ name })) }), env: items };
}

function variable(name: string, value: NonNullable<EnvValue>): object {
  // What is not null here must be deleted by name: a variable has either a value or a reference.
  return 'value' in value
    ? { name, value: value.value, valueFrom: null }
    : { name, value: null, valueFrom: value.valueFrom };
}
