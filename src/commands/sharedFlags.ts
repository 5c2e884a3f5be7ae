import type { Place } from '../deploy/kubectl';
import { UsageError } from '../errors';
import { builderName } from '../event/inputValues';
import { readRegistryHosts } from '../event/registryHosts';
import { quoted } from '../system/quoted';
import type { Inputs } from '../types';
import type { Flag } from './command';

/* Flags that several commands have, and how they are read. */

/** Which cluster. */
export const clusterFlags = {
  namespace: { kind: 'text', value: '<name>', description: 'namespace of Kubeflow Pipelines (default: kubeflow)' },
  context: { kind: 'text', value: '<name>', description: 'context of kubectl (default: the current one)' },
} as const satisfies Record<string, Flag>;

/** Which registry, and how it is spoken with. */
export const registryInputs = ['registry-path', 'registry-hosts', 'credentials-json'] as const;

/** Which release set; `setInputs` belong to them. */
export const setFlags = {
  commit: {
    kind: 'text',
    value: '<rev>',
    description: "the set of this commit (default: the newest one of HEAD's history)",
  },
  lock: { kind: 'text', value: '<file>', description: 'the set of a lock file, instead of one in the registry' },
} as const satisfies Record<string, Flag>;
export const setInputs = [...registryInputs, 'catalog', 'working-directory'] as const;

/** How a cluster is changed. */
export const changeFlags = {
  timeout: { kind: 'text', value: '<duration>', description: 'how long a rollout may take: 90s, 10m (default: 10m)' },
  yes: { kind: 'switch', description: 'do not ask' },
  'dry-run': {
    kind: 'optional',
    value: '[client|server]',
    description: 'print the patches; server: let the API server validate them',
  },
} as const satisfies Record<string, Flag>;

/** Which cluster and namespace. Throws UsageError for what can't be a name. */
export function placeOf(flags: {
  readonly namespace: string | undefined;
  readonly context: string | undefined;
}): Place {
  const { namespace = 'kubeflow', context } = flags;
  requireName('--namespace', namespace);
  if (context?.startsWith('-') === true)
    throw new UsageError(`--context ${quoted(context)} is not the name of a context.`);
  return { context, namespace };
}

/** What the flags of `registryInputs` say, each read once: a secret may come from standard input. Throws UsageError. */
export function registryOf(
  input: (name: (typeof registryInputs)[number]) => string,
): Pick<Inputs, 'registryPath' | 'registryHosts' | 'credentialsJson'> {
  return {
    registryPath: input('registry-path').trim(),
    registryHosts: registryHostsOf(input('registry-hosts')),
    credentialsJson: input('credentials-json'),
  };
}

/** What `--registry-hosts` says; empty: it was not given. Throws UsageError. */
export function registryHostsOf(given: string): Inputs['registryHosts'] {
  return readRegistryHosts(given, (mistake) => {
    throw new UsageError(`--registry-hosts: ${mistake}`);
  });
}

/** The name of a buildx builder, as `--builder` gives it; undefined: none was given. Throws UsageError. */
export function builderOf(given: string): string | undefined {
  if (given === '') return undefined;
  return builderName(given, (mistake) => {
    throw new UsageError(`--builder: ${mistake}`);
  });
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
export function requireName(flag: string, name: string): void {
  if (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) return;
  throw new UsageError(`${flag} ${quoted(name)} can't be a name: small letters, digits, - and single dots.`);
}

/** `90s`, `10m`, `1h` or seconds, in milliseconds. Throws UsageError. */
export function duration(flag: string, given: string | undefined, fallbackMs: number): number {
  if (given === undefined) return fallbackMs;
  const [, number, unit = 's'] = /^(\d{1,6})(s|m|h)?$/.exec(given) ?? [];
  const ms = Number(number) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : 1000);
  if (number === undefined || ms === 0)
    throw new UsageError(`${flag} ${quoted(given)} is not a duration. Write 90s, 10m or 1h.`);
  return ms;
}

/** How `--dry-run` was given. */
export type DryRun = 'none' | 'client' | 'server';

export function dryRunOf(given: string | true | undefined): DryRun {
  if (given === 'server') return 'server';
  return given === undefined || given === 'none' || given === 'false' ? 'none' : 'client';
}
