import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadCatalog } from '../../catalog/load';
import type { Place } from '../../deploy/kubectl';
import { UsageError } from '../../errors';
import { quoted } from '../../system/quoted';
import { tryGit } from '../../system/gitCommand';
import type { Catalog } from '../../types';
import type { Flags } from '../commandLine';

/** A flag's text; undefined: not given, or empty. */
export function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Names given by a flag that may be repeated, each also a list with commas. */
export function texts(flags: Flags, name: string): readonly string[] {
  const value = flags[name];
  const all: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return all
    .flatMap((each) => (typeof each === 'string' ? each.split(/[,\n]/) : []))
    .flatMap((each) => each.trim() || []);
}

/** Which cluster and namespace: `--context`, `--namespace`. Throws UsageError for what can be no name. */
export function place(flags: Flags): Place {
  const namespace = text(flags, 'namespace') ?? 'kubeflow';
  requireName('--namespace', namespace);
  const context = text(flags, 'context');
  if (context?.startsWith('-') === true) throw new UsageError(`--context ${quoted(context)} is no name of a context.`);
  return { context, namespace };
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
export function requireName(flag: string, name: string): void {
  if (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) return;
  throw new UsageError(`${flag} ${quoted(name)} can be no name: small letters, digits, - and single dots.`);
}

/** `90s`, `10m`, `1h` or seconds, in milliseconds. Throws UsageError. */
export function duration(flags: Flags, name: string, fallbackMs: number): number {
  const given = text(flags, name);
  if (given === undefined) return fallbackMs;
  const [, number, unit = 's'] = /^(\d{1,6})(s|m|h)?$/.exec(given) ?? [];
  const ms = Number(number) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : 1000);
  if (number === undefined || ms === 0)
    throw new UsageError(`--${name} ${quoted(given)} is no duration. Write 90s, 10m or 1h.`);
  return ms;
}

/** The catalog of the repository that the command runs in; outside of any, that of the folder, else the built-in one. */
export async function catalogOf(flags: Flags, cwd: string): Promise<Catalog> {
  const folder = resolve(cwd, text(flags, 'workingDirectory') ?? '.');
  const asked = await tryGit(folder, ['rev-parse', '--show-toplevel']).catch(() => undefined);
  const top = asked?.exitCode === 0 ? asked.stdout.toString('utf8').replace(/\r?\n$/, '') : folder;
  const explicitPath = text(flags, 'catalog');
  return loadCatalog({
    read: (path) =>
      readFile(explicitPath === undefined ? join(top, path) : resolve(cwd, path), 'utf8').catch((cause: unknown) => {
        if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
          return undefined;
        throw cause;
      }),
    explicitPath,
  });
}
