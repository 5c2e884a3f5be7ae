/** What runs somewhere. */
export interface InUse {
  readonly digests: ReadonlySet<string>;
  /** `REPOSITORY:TAG` */
  readonly tags: ReadonlySet<string>;
}

export const nothingInUse: InUse = { digests: new Set(), tags: new Set() };

/**
 * Every digest, and every tag under the registry path, that a text mentions: the JSON of a cluster's resources. Wherever in it: images run
 * that stand in environment variables, in annotations, in the status only.
 */
export function mentionedIn(text: string, registryPath: string): InUse {
  const digests = new Set([...text.matchAll(/sha256:[0-9a-f]{64}/g)].map(([digest]) => digest));
  const tags = new Set<string>();
  for (let at = text.indexOf(`${registryPath}/`); at !== -1; at = text.indexOf(`${registryPath}/`, at + 1)) {
    const rest = text.slice(at + registryPath.length, at + registryPath.length + 400);
    // The host's own colon is before.
    const [named] = /^[a-z0-9._/-]+:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/.exec(rest) ?? [];
    if (named !== undefined) tags.add(`${registryPath}${named}`);
  }
  return { digests, tags };
}

export function unite(all: readonly InUse[]): InUse {
  return {
    digests: new Set(all.flatMap(({ digests }) => [...digests])),
    tags: new Set(all.flatMap(({ tags }) => [...tags])),
  };
}
