import { escapePath } from '../system/pathText';
import type { BuildOptions } from '../types';

/** The lines of a content key that stand for what a build is given beside its files. `named`: contexts that are folders, with where they really are. */
export function optionLines(
  options: BuildOptions | undefined,
  named: readonly { readonly name: string; readonly folder: string }[],
): readonly string[] {
  if (options === undefined) return [];
  const folders = new Map(named.map(({ name, folder }) => [name, folder]));
  const texts = (kind: string, cut: string, values: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(values).map(([name, value]) => `${kind} ${escapePath(name)}${cut}${escapePath(value)}`);
  return [
    ...options.secrets.map((id) => `secret ${id}`),
    ...options.ssh.map((id) => `ssh ${id}`),
    ...Object.entries(options.buildContexts).map(([name, context]) => {
      switch (context.kind) {
        case 'folder':
          return `named ${name}\tfolder ${escapePath(folders.get(name) ?? context.path)}`;
        case 'image':
          return `named ${name}\timage ${escapePath(context.reference)}`;
        case 'git':
          return `named ${name}\tgit ${escapePath(context.url)}`;
      }
    }),
    ...texts('label', '=', options.labels),
    ...texts('annotation', '=', options.annotations),
    ...(options.network === undefined ? [] : [`network ${options.network}`]),
    ...texts('add-host', '\t', options.addHosts),
    ...(options.shmSize === undefined ? [] : [`shm-size ${options.shmSize}`]),
    ...texts('ulimit', '\t', options.ulimits),
  ];
}

/** Kinds of these lines, and what a reason says of one that differs. */
export const optionKinds: ReadonlyMap<string, (name: string) => string> = new Map<string, (name: string) => string>([
  ['secret', (name) => `secret ${name}`],
  ['ssh', (name) => `ssh agent ${name}`],
  ['named', (name) => `build context ${name}`],
  ['label', (name) => `label ${name}`],
  ['annotation', (name) => `annotation ${name}`],
  ['network', () => 'network'],
  ['add-host', (name) => `host ${name}`],
  ['shm-size', () => 'size of /dev/shm'],
  ['ulimit', (name) => `limit ${name}`],
]);
