/** One machine of a builder. */
export interface BuilderNode {
  readonly name: string;
  /** `unix://…`, `tcp://…`, or the name of a docker context. */
  readonly endpoint: string;
  /** `running`, `inactive`, `stopped`, …; empty: not said. */
  readonly status: string;
  /** BuildKit's version as it names itself; undefined: not known before it has started. */
  readonly version: string | undefined;
  readonly platforms: readonly string[];
  readonly error: string | undefined;
}

/** What `docker buildx inspect` tells. */
export interface Inspected {
  readonly name: string;
  readonly driver: string;
  readonly nodes: readonly BuilderNode[];
  /** Of the whole builder. */
  readonly error: string | undefined;
}

type Fields = ReadonlyMap<string, string>;

/**
 * Reads what `docker buildx inspect` prints, of buildx 0.13 to 0.38; it ends with 0 even when nothing answers, and says so in a line
 * `Error:` or by a status. https://docs.docker.com/reference/cli/docker/buildx/inspect/
 */
export function parseInspect(text: string): Inspected {
  const [head = new Map<string, string>(), ...nodes] = blocks(text);
  return {
    name: head.get('Name') ?? '',
    driver: head.get('Driver') ?? '',
    nodes: nodes.map((fields) => ({
      name: fields.get('Name') ?? '',
      endpoint: fields.get('Endpoint') ?? '',
      status: fields.get('Status') ?? '',
      version: fields.get('BuildKit version') ?? fields.get('Buildkit'),
      platforms: platformsIn(fields.get('Platforms') ?? ''),
      error: fields.get('Error'),
    })),
    error: head.get('Error'),
  };
}

/** The fields of the builder and of each node. A line that is indented belongs to a list of a node. */
function blocks(text: string): readonly Fields[] {
  const found: Map<string, string>[] = [];
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Za-z][\w ]*):[ \t]*(.*?)[ \t\r]*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    if (key === 'Name' || found.length === 0) found.push(new Map());
    const fields = found.at(-1);
    if (fields !== undefined && !fields.has(key)) fields.set(key, value);
  }
  return found;
}

function platformsIn(text: string): readonly string[] {
  // A star marks one that was set by hand; buildx of late names further variants in brackets behind one: `linux/amd64 (+4)`.
  return text
    .split(',')
    .map((each) =>
      each
        .trim()
        .replace(/\s*\(.*$/, '')
        .replace(/\*$/, ''),
    )
    .filter((each) => each !== '');
}

/** Major and minor number of BuildKit; undefined: it names none (`v0.0.0+unknown` is how distributions and `go install` build it). */
export function versionOf({ version }: Pick<BuilderNode, 'version'>): readonly [number, number] | undefined {
  const [, major, minor, patch] = /^v?(\d{1,4})\.(\d{1,4})\.(\d+)/.exec(version ?? '') ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return [major, minor, patch].every((part) => Number(part) === 0) ? undefined : [Number(major), Number(minor)];
}

/** Is this version at least that one? */
export function isAtLeast(
  [major, minor]: readonly [number, number],
  [least, lesser]: readonly [number, number],
): boolean {
  return major > least || (major === least && minor >= lesser);
}
