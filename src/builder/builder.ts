import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../errors';
import { run, type Finished } from '../system/exec';
import { isAtLeast, parseInspect, versionOf, type BuilderNode, type Inspected } from './buildxInspect';
import { checkNodes, silentNodes } from './silentNodes';

/** What builds: the engine's own BuildKit, or another one that buildx knows. */
export interface Builder {
  readonly name: string;
  /** `docker`, `docker-container`, `kubernetes`, `remote`: https://docs.docker.com/build/builders/drivers/ */
  readonly driver: string;
  /** Where the engine keeps images; undefined: the builder has a store of its own. https://docs.docker.com/engine/storage/containerd/ */
  readonly store: 'classic' | 'containerd' | undefined;
  /** Version of buildx: major, minor. */
  readonly buildx: readonly [number, number];
  readonly nodes: readonly BuilderNode[];
  /** Those that the nodes which answer say they can run, each once; empty: not known before one has started. */
  readonly platforms: readonly string[];
}

/** The first with `--progress=rawjson`: https://github.com/docker/buildx/releases/tag/v0.13.0 */
const oldestBuildx = [0, 13] as const;

/** Milliseconds before a builder that does not answer is asked again: it may be about to start. */
const secondLookMs = 2000;

/**
 * Asks once, by `docker buildx version`, `docker buildx inspect` and `docker info`, what there is to build with. `env`: DOCKER_CONFIG of
 * this run. `chosen`: the name of a builder; undefined: the one that docker would take.
 * Throws EnvironmentError, with the fix, when Docker, buildx, the engine or the builder is missing or does not answer.
 */
export async function detectBuilder(env: Readonly<Record<string, string>> = {}, chosen?: string): Promise<Builder> {
  const ask = (...args: readonly string[]): Promise<Finished> => run({ command: 'docker', args, env });
  const inspect = (): Promise<Finished> => ask('buildx', 'inspect', ...(chosen === undefined ? [] : [chosen]));
  let answers: readonly [Finished, Finished, Finished];
  try {
    answers = await Promise.all([
      ask('buildx', 'version'),
      inspect(),
      ask('info', '--format', '{{.OSType}} {{json .DriverStatus}}'),
    ]);
  } catch (cause) {
    throw new EnvironmentError(
      'Docker is not installed (no program `docker` on PATH). Install it: https://docs.docker.com/engine/install/',
      { cause },
    );
  }
  const [version, inspected, info] = answers;
  const buildx = parseVersion(version);
  let found = answered(inspected);
  if (silentNodes(found).length > 0) {
    await sleep(secondLookMs);
    found = answered(await inspect());
  }
  checkNodes(found, []);
  if (found.driver === 'docker' && info.exitCode !== 0) throw engineTrouble(info.stderr.trim());
  if (found.driver === 'docker' && info.stdout.startsWith('windows')) {
    throw new EnvironmentError('The Docker engine runs Windows containers. Switch it to Linux containers.');
  }
  const containerd = info.stdout.includes('io.containerd.snapshotter');
  const store = found.driver !== 'docker' ? undefined : containerd ? 'containerd' : 'classic';
  const silent = silentNodes(found);
  const answering = found.nodes.filter((node) => !silent.includes(node));
  const platforms = [...new Set(answering.flatMap((node) => node.platforms))];
  return { name: found.name, driver: found.driver, store, buildx, nodes: found.nodes, platforms };
}

/** Release of BuildKit, `v0.25.1`, where all nodes say the same one. */
export function buildkitOf({ nodes }: Pick<Builder, 'nodes'>): string | undefined {
  const versions = new Set(nodes.map(({ version }) => version));
  return versions.size === 1 ? [...versions][0] : undefined;
}

/** What `buildx inspect` reports. Throws EnvironmentError where there is no such builder, or no engine behind it. */
function answered({ exitCode, stdout, stderr }: Finished): Inspected {
  const found = parseInspect(stdout);
  const trouble = found.error ?? (exitCode === 0 ? undefined : stderr.trim());
  if (trouble !== undefined) throw engineTrouble(trouble);
  const failed = found.nodes.find(({ error }) => error !== undefined);
  if (found.driver === 'docker' && failed?.error !== undefined) throw engineTrouble(failed.error);
  return found;
}

/** Reads `github.com/docker/buildx v0.29.1 …`, in whatever way it was packaged. Throws EnvironmentError when it is missing or too old. */
export function parseVersion({ exitCode, stdout, stderr }: Finished): readonly [number, number] {
  const install = 'Install it: https://github.com/docker/buildx#installing';
  if (exitCode !== 0) {
    const said = stderr.trim().split('\n', 1)[0] ?? '';
    throw new EnvironmentError(`Docker has no buildx${said === '' ? '' : ` (${said})`}. ${install}`);
  }
  // A development build, or one by `go install`, has a commit or zeros in place of a version; it is new enough.
  const version = versionOf({ version: /\bv?\d{1,4}\.\d{1,4}\.\d+/.exec(stdout)?.[0] }) ?? ([9999, 0] as const);
  if (!isAtLeast(version, oldestBuildx)) {
    throw new EnvironmentError(
      `buildx ${version.join('.')} is too old: ${oldestBuildx.join('.')} or newer is needed. ${install}`,
    );
  }
  return version;
}

/** Why the engine can't be used, with the fix. `said`: its or the client's own words. */
export function engineTrouble(said: string): EnvironmentError {
  const words = said.replace(/^ERROR: /, '').slice(0, 500);
  if (/permission denied/i.test(words)) {
    return new EnvironmentError(
      `This user may not use the Docker engine: ${words}\n` +
        'Add the user to the group "docker" and log in again (https://docs.docker.com/engine/install/linux-postinstall/), or use rootless Docker.',
    );
  }
  if (/no builder .* found/.test(words)) {
    return new EnvironmentError(
      `${words}. List the builders with \`docker buildx ls\`; choose one with \`docker buildx use NAME\`.`,
    );
  }
  if (/context .*not found/.test(words)) {
    return new EnvironmentError(
      `${words}. List the contexts with \`docker context ls\`; choose one with \`docker context use NAME\`.`,
    );
  }
  return new EnvironmentError(
    `The Docker engine does not answer: ${words === '' ? 'it said nothing' : words}\n` +
      'Start it (`sudo systemctl start docker`, or Docker Desktop), or let DOCKER_HOST name one that runs.',
  );
}
