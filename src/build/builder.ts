import { EnvironmentError } from '../errors';
import { run, type Finished } from '../system/exec';

/** What builds: the engine's own BuildKit, or another one that buildx knows. */
export interface Builder {
  readonly name: string;
  /** `docker`, `docker-container`, `kubernetes`, `remote`: https://docs.docker.com/build/builders/drivers/ */
  readonly driver: string;
  /** Where the engine keeps images; undefined: the builder has a store of its own. https://docs.docker.com/engine/storage/containerd/ */
  readonly store: 'classic' | 'containerd' | undefined;
  /** Version of buildx: major, minor. */
  readonly buildx: readonly [number, number];
  /** Those it says it can run; empty: not known before it has started. */
  readonly platforms: readonly string[];
}

const oldestBuildx = [0, 12] as const;

/**
 * Asks once, by `docker buildx version`, `docker buildx inspect` and `docker info`, what there is to build with.
 * `env`: DOCKER_CONFIG of this run. Throws EnvironmentError, with the mend, when Docker, buildx or the engine is missing.
 */
export async function detectBuilder(env: Readonly<Record<string, string>> = {}): Promise<Builder> {
  const ask = (...args: readonly string[]): Promise<Finished> => run({ command: 'docker', args, env });
  let answers: readonly Finished[];
  try {
    answers = await Promise.all([
      ask('buildx', 'version'),
      ask('buildx', 'inspect'),
      ask('info', '--format', '{{.OSType}} {{json .DriverStatus}}'),
    ]);
  } catch (cause) {
    throw new EnvironmentError(
      'Docker is not installed (no program `docker` on PATH). Install it: https://docs.docker.com/engine/install/',
      { cause },
    );
  }
  const [version, inspect, info] = answers as [Finished, Finished, Finished];
  const buildx = parseVersion(version);
  const builder = parseInspect(inspect.stdout);
  const trouble = builder.error ?? (inspect.exitCode === 0 ? undefined : inspect.stderr.trim());
  if (trouble !== undefined) throw engineTrouble(trouble);
  if (builder.driver === 'docker' && info.exitCode !== 0) throw engineTrouble(info.stderr.trim());
  if (builder.driver === 'docker' && info.stdout.startsWith('windows')) {
    throw new EnvironmentError('The Docker engine runs Windows containers. Switch it to Linux containers.');
  }
  const containerd = info.stdout.includes('io.containerd.snapshotter');
  const store = builder.driver !== 'docker' ? undefined : containerd ? 'containerd' : 'classic';
  return { name: builder.name, driver: builder.driver, store, buildx, platforms: builder.platforms };
}

/** Reads `github.com/docker/buildx v0.29.1 …`, in whatever way it was packaged. Throws EnvironmentError when it is missing or too old. */
export function parseVersion({ exitCode, stdout, stderr }: Finished): readonly [number, number] {
  const install = 'Install it: https://github.com/docker/buildx#installing';
  if (exitCode !== 0) {
    const said = stderr.trim().split('\n', 1)[0] ?? '';
    throw new EnvironmentError(`Docker has no buildx${said === '' ? '' : ` (${said})`}. ${install}`);
  }
  const match = /\bv?(\d{1,4})\.(\d{1,4})\.\d+/.exec(stdout);
  // A development build has a commit in place of a version; it is new enough.
  const version = match === null ? ([9999, 0] as const) : ([Number(match[1]), Number(match[2])] as const);
  const [major, minor] = oldestBuildx;
  if (version[0] < major || (version[0] === major && version[1] < minor)) {
    throw new EnvironmentError(
      `buildx ${version[0]}.${version[1]} is too old: ${major}.${minor} or newer is needed. ${install}`,
    );
  }
  return version;
}

/** Reads what `docker buildx inspect` prints; it ends with 0 even when the engine does not answer, and says so in a line `Error:`. */
export function parseInspect(text: string): {
  readonly name: string;
  readonly driver: string;
  readonly platforms: readonly string[];
  readonly error: string | undefined;
} {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(Name|Driver|Platforms|Error|Status):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && !fields.has(key)) fields.set(key, value);
  }
  const platforms = (fields.get('Platforms') ?? '').split(',').map((each) => each.trim().replace(/\*$/, ''));
  return {
    name: fields.get('Name') ?? '',
    driver: fields.get('Driver') ?? '',
    platforms: platforms.filter((each) => each !== ''),
    error: fields.get('Error'),
  };
}

/** Why the engine can't be used, with the mend. `said`: its or the client's own words. */
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
