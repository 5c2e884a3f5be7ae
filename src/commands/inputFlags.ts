import { Option, type Command } from 'commander';
import { UsageError, message } from '../errors';
import { isKeyReference } from '../google/kms/reference';
import { readSecretFile } from '../system/boundedFile';
import { actionInputs, type ActionInput, type InputName } from '../event/inputs';

/** Values of flags as commander parsed them, by their names in camel case. */
export type ParsedOptions = Readonly<Record<string, unknown>>;

/** Adds to `command` a flag for each of the named inputs, with the same names, defaults and choices. */
export function addInputFlags(command: Command, names: readonly InputName[]): void {
  const builds = names.includes('push');
  for (const input of actionInputs) if (names.includes(input.name)) addFlag(command, input, builds);
}

function addFlag(command: Command, input: ActionInput, builds: boolean): void {
  const flag = (argument: string): Option => new Option(`--${input.name} ${argument}`, describe(input, builds));
  switch (input.kind) {
    case 'list':
      command.addOption(flag('<list>').argParser((value, before: unknown) => join(before, value)));
      return;
    case 'boolean':
      command.addOption(flag('[true|false]').preset('true'));
      command.addOption(new Option(`--no-${input.name}`, `the same as --${input.name}=false`).hideHelp());
      return;
    case 'secret':
      command.addOption(flag('<file>'));
      return;
    case 'choice':
      command.addOption(flag(`<${input.choices?.join('|') ?? 'choice'}>`));
      return;
    case 'count':
      command.addOption(flag('<number>'));
      return;
    case 'text':
      command.addOption(flag('<text>'));
  }
}

function describe(input: ActionInput, builds: boolean): string {
  const text = flagText(input, builds);
  const own = builds ? undefined : otherDefaults[input.name];
  const fallback = input.kind === 'secret' ? '' : (own ?? input.fallback ?? input.default);
  return fallback === '' ? text : `${text} (default: ${fallback})`;
}

/** What an input's flag means, without its default; `builds`: of a command that builds as the Action does. */
export function flagText(input: ActionInput, builds: boolean): string {
  return (builds ? undefined : otherFlags[input.name]) ?? secretFlags[input.name] ?? input.description;
}

/** What is said of an input for runs that build does not hold for commands that build nothing. */
const otherFlags: Readonly<Record<string, string>> = {
  'registry-path':
    'Where images are: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY[/PREFIX], or any other registry host and path. Trailing slashes and https:// are ignored',
  'working-directory': 'The repository, or a folder in it',
  'fan-out':
    'With --matrix: how it splits the builds. images: one image per shard, or several small ones; platforms: one platform per shard, without emulation',
  'max-shards': 'With --matrix: the maximum number of shards',
  'runs-on': 'With --matrix: the runner of each shard: a label, a JSON list of labels, or JSON from platform to these',
};

const otherDefaults: Readonly<Record<string, string>> = { 'fan-out': 'images' };

/** A secret's flag names a file. */
const secretFlags: Readonly<Record<string, string>> = {
  'credentials-json':
    'File with a service account key (JSON, or base64 of it); - reads standard input. Default: $GCP_SA_KEY, else Application Default Credentials or the docker login of this machine',
  secrets:
    'File with secrets for builds, one ID=VALUE per line; - reads standard input. Better: --secret-envs, --secret-files',
  'github-token': 'File with a GitHub token; - reads standard input. Default: $GITHUB_TOKEN or $GH_TOKEN',
  'sign-key':
    'File with a private key to sign with, PEM, also encrypted as by cosign generate-key-pair (its password is read from $COSIGN_PASSWORD); or its reference in Google Cloud KMS, gcpkms://projects/…/cryptoKeyVersions/N. Default: $COSIGN_PRIVATE_KEY',
};

/** Repeated lists add up. */
function join(before: unknown, value: string): string {
  return typeof before === 'string' ? `${before}\n${value}` : value;
}

/**
 * The values of a command's flags for `readInputs`. A secret is read from the file that its flag names, or from standard input,
 * else from the environment: an argument could be read by every process of the machine.
 * Throws UsageError when the file can't be read, or a flag's value looks like the secret itself.
 */
export function flagValues(options: ParsedOptions, env: NodeJS.ProcessEnv): (name: InputName) => string {
  return (name) => {
    const value = options[camelCase(name)];
    const input: ActionInput | undefined = actionInputs.find((each) => each.name === name);
    if (input?.kind === 'secret') return secret(name, value, env);
    if (typeof value === 'boolean') return String(value);
    return typeof value === 'string' ? value : '';
  };
}

/** Environment variables that may carry a secret instead of a file. */
const secretVariables: Partial<Record<InputName, readonly string[]>> = {
  'credentials-json': ['GCP_SA_KEY'],
  'github-token': ['GITHUB_TOKEN', 'GH_TOKEN'],
  'sign-key': ['COSIGN_PRIVATE_KEY'],
};

function secret(name: InputName, file: unknown, env: NodeJS.ProcessEnv): string {
  if (typeof file !== 'string') {
    return (secretVariables[name] ?? []).map((variable) => env[variable] ?? '').find((value) => value !== '') ?? '';
  }
  if (name === 'sign-key' && isKeyReference(file)) return file;
  if (file.length > 1024 || /^\s*[{[]/.test(file)) {
    throw new UsageError(
      `--${name} takes the path of a file, and what was given looks like the secret itself. Every process of this machine can read ` +
        `arguments: write it to a file, or pipe it in with --${name} -. Treat the one given as known to others.`,
    );
  }
  try {
    return readSecretFile(file, `--${name}: the file`);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(
      `--${name}: the file can't be read (${message(cause)}). Give the path of a file, or - for standard input.`,
    );
  }
}

/** `dry-run` is `dryRun` with commander. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
