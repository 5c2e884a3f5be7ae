import { RegistryError } from '../../errors';
import { readManifest } from '../../oci/manifest';
import { field, parseJson } from '../../system/json';
import type { Registry } from '../../types';
import { readTag } from '../putTag';
import { storeNote } from '../setArtifact';
import { setRepository, unnamedTag } from '../tags';

/*
 * Content keys that no set names: what a run built that never came to publish, and the images of one platform that an index lists. A registry
 * does not say how old they are, and one may be what a run under way is about to publish. So prune notes beside the sets what it saw, and since
 * when; what a prune a month later sees still holds nothing.
 */

/** A tag and what it names, `REPOSITORY:TAG@DIGEST` → since when no set named it, milliseconds since the epoch. */
export type Unnamed = ReadonlyMap<string, number>;

/** So many are noted, the first ones seen: a manifest may have 4 MiB. */
const most = 10_000;
const noteType = 'application/vnd.kfp-images.unnamed.v1+json';
const annotation = 'kfp-images.unnamed';

/** The name of a tag in the note. */
export function unnamedName(repository: string, tag: string, digest: string): string {
  return `${repository}:${tag}@${digest}`;
}

/** The repositories of a note. */
export function repositoriesIn(unnamed: Unnamed, registryPath: string): readonly string[] {
  const names = [...unnamed.keys()].map((name) => name.slice(0, name.lastIndexOf(':', name.lastIndexOf('@'))));
  return [...new Set(names)].filter((name) => name.startsWith(`${registryPath}/`));
}

/** Do both say the same? */
export function isSameUnnamed(one: Unnamed, other: Unnamed): boolean {
  return one.size === other.size && [...one].every(([name, since]) => other.get(name) === since);
}

/** What earlier prunes noted; what is not understood counts as not noted. Throws RegistryError, PublishError. */
export async function readUnnamed(registry: Registry, registryPath: string): Promise<Unnamed> {
  const note = await readTag(registry, setRepository(registryPath), unnamedTag);
  const text = note && readManifest(note.bytes)?.annotations[annotation];
  const entries = text === undefined ? undefined : field(parseJson(text), 'since');
  if (typeof entries !== 'object' || entries === null) return new Map();
  return new Map(
    Object.entries(entries).flatMap(([name, since]) =>
      typeof since === 'string' && !Number.isNaN(Date.parse(since)) ? [[name, Date.parse(since)] as const] : [],
    ),
  );
}

/** Notes it in place of what stood there, which is deleted where the registry does that. Throws RegistryError, PublishError. */
export async function writeUnnamed(registry: Registry, registryPath: string, unnamed: Unnamed): Promise<void> {
  const repository = setRepository(registryPath);
  const before = await registry.head(repository, unnamedTag);
  const oldest = [...unnamed].sort(([a, since], [b, other]) => since - other || (a < b ? -1 : 1)).slice(0, most);
  const since = Object.fromEntries(oldest.map(([name, time]) => [name, new Date(time).toISOString()]));
  await storeNote(registry, repository, unnamedTag, noteType, { [annotation]: JSON.stringify({ since }) });
  const now = await registry.head(repository, unnamedTag);
  if (before === undefined || now === undefined || before.digest === now.digest) return;
  await registry.deleteManifest(repository, before.digest).catch((error: unknown) => {
    if (!(error instanceof RegistryError)) throw error;
  });
}
