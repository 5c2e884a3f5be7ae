import { capture, type Streams } from '../system/exec';
import type { DockerPorts } from './collectCache';

/** Cache mounts that a builder holds. */
export interface LocalMounts {
  /** Does the builder hold this mount, as one that started empty? */
  has(id: string): boolean;
  /** Images, `NAME@sha256:…`, that mounts of this id started from, the one used last first. */
  seeds(id: string): readonly string[];
}

/** A builder of which nothing is known: it is taken for one that has everything. */
const unknown: LocalMounts = { has: () => true, seeds: () => [] };

/**
 * Asks the builder (undefined: the one that docker takes) which cache mounts it holds. Where it does not say, nothing is done for it that only an empty one needs.
 * With many records it takes seconds; `streams`: it is ended with the run, and after it.
 * https://docs.docker.com/reference/cli/docker/buildx/du/
 */
export async function localMounts(
  { env, builder }: DockerPorts,
  streams: Pick<Streams, 'signal' | 'onStart'>,
): Promise<LocalMounts> {
  const chosen = builder === undefined ? [] : ['--builder', builder];
  try {
    const args = ['buildx', 'du', '--verbose', ...chosen];
    const { exitCode, stdout } = await capture({ command: 'docker', args, env }, streams);
    return exitCode === 0 ? parseDiskUsage(stdout.toString('utf8')) : unknown;
  } catch {
    return unknown;
  }
}

/**
 * Reads what `docker buildx du --verbose` prints: one block of lines for each record. BuildKit names a mount's id at the end of its description,
 * and of a pulled image the reference; what a mount started from is its parent.
 */
export function parseDiskUsage(text: string): LocalMounts {
  const blocks = text.split(/^ID:\s+/m).slice(1);
  const images = new Map<string, string>();
  const mounts: { readonly id: string; readonly parents: readonly string[]; readonly usedAt: number }[] = [];
  let nameless = false;
  for (const block of blocks) {
    const record = block.split('\n', 1)[0]?.trim() ?? '';
    const [, pulled] = /^Description:\s+pulled from (\S+@sha256:[0-9a-f]{64})\s*$/m.exec(block) ?? [];
    if (pulled !== undefined) images.set(record, pulled);
    if (!/^Type:\s+exec\.cachemount\s*$/m.test(block)) continue;
    const [, id] = / with id "\/?([^"\n]+)"\s*$/m.exec(block) ?? [];
    if (id === undefined) nameless = true;
    if (id === undefined) continue;
    const parents = [...block.matchAll(/^ - (\S+)$/gm)].map(([, parent]) => parent ?? '');
    const [, created = ''] = /^Created at:\s+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/m.exec(block) ?? [];
    mounts.push({ id, parents, usedAt: Date.parse(`${created.replace(' ', 'T')}Z`) || 0 });
  }
  // An older BuildKit names none: then nothing can be distinguished.
  if (nameless && mounts.length === 0) return unknown;
  return {
    has: (id) => mounts.some((mount) => mount.id === id && mount.parents.length === 0),
    seeds: (id) =>
      mounts
        .filter((mount) => mount.id === id)
        .sort((a, b) => b.usedAt - a.usedAt)
        .flatMap(({ parents }) => parents.flatMap((parent) => images.get(parent) ?? [])),
  };
}
