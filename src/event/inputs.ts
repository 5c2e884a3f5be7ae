import { UsageError } from '../errors';
import type { Inputs } from '../types';
import { platform, readBoolean, readChoice, readCount, readList, tagTemplate } from './inputValues';

/** One input of the Action, and under the same name one flag of the command line. */
export interface ActionInput {
  readonly name: string;
  /** `secret`: text whose value is never shown and, on a terminal, never an argument. */
  readonly kind: 'text' | 'list' | 'choice' | 'boolean' | 'count' | 'secret';
  /** As it stands in action.yml; empty: it has none there. */
  readonly default: string;
  /** What an input without a default there falls back to, in words. */
  readonly fallback?: string;
  readonly choices?: readonly string[];
  readonly description: string;
}

const rebuilds = ['changed', 'all'] as const;
const contexts = ['commit', 'workspace'] as const;
const latests = ['default-branch', 'always', 'never'] as const;
const caches = ['none', 'registry', 'gha'] as const;

/** All inputs, in the order in which they are documented. action.yml, the README's table and the flags of `build` come from here. */
export const actionInputs = [
  {
    name: 'registry-path',
    kind: 'text',
    default: '',
    description:
      'Where images go: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY[/PREFIX], or any other registry host and path. Trailing slashes and https:// are tolerated. Needed unless dry-run',
  },
  {
    name: 'credentials-json',
    kind: 'secret',
    default: '',
    description:
      "Service account key (JSON, or base64 of it). Empty: Application Default Credentials, including what google-github-actions/auth left behind; for other registries the runner's docker login",
  },
  {
    name: 'images',
    kind: 'list',
    default: '',
    description: 'Names or groups, comma or newline separated, instead of keywords',
  },
  {
    name: 'commit-message',
    kind: 'text',
    default: '',
    fallback: "head commit's",
    description: 'The text searched for keywords',
  },
  {
    name: 'catalog',
    kind: 'text',
    default: '',
    fallback: 'kfp-images.yaml or .github/kfp-images.yaml, else built in',
    description: 'Path of a catalog file',
  },
  { name: 'working-directory', kind: 'text', default: '.', description: 'The repository to build' },
  {
    name: 'context',
    kind: 'choice',
    choices: contexts,
    default: 'commit',
    description: 'commit: build exactly what is committed, from a clean tree; workspace: the files as they lie there',
  },
  {
    name: 'rebuild',
    kind: 'choice',
    choices: rebuilds,
    default: 'changed',
    description: 'changed: reuse an image whose content key the registry already has; all: build every selected image',
  },
  {
    name: 'tags',
    kind: 'list',
    default: 'commit-{{sha}}',
    description: 'Tags for each image; {{sha}}, {{short_sha}} and {{branch}} are filled in',
  },
  {
    name: 'latest',
    kind: 'choice',
    choices: latests,
    default: 'default-branch',
    description: 'When to move the tag latest: default-branch, always, never. It never moves backwards',
  },
  {
    name: 'platforms',
    kind: 'list',
    default: 'linux/amd64',
    description: 'As for buildx: os/architecture[/variant], comma or newline separated',
  },
  {
    name: 'max-parallel',
    kind: 'count',
    default: '',
    fallback: 'number of CPUs',
    description: 'Builds at once',
  },
  {
    name: 'cache',
    kind: 'choice',
    choices: caches,
    default: 'none',
    description: 'BuildKit layer cache: none, registry, gha',
  },
  { name: 'fail-fast', kind: 'boolean', default: 'false', description: 'Stop the other builds at the first failure' },
  { name: 'push', kind: 'boolean', default: 'true', description: 'false: build only' },
  {
    name: 'dry-run',
    kind: 'boolean',
    default: 'false',
    description: 'Plan only: nothing is built, nothing is pushed',
  },
  {
    name: 'create-repository',
    kind: 'boolean',
    default: 'false',
    description:
      'true: make the repository of Artifact Registry before the first build where it is missing (needs roles/artifactregistry.admin on the project)',
  },
  {
    name: 'github-token',
    kind: 'secret',
    default: '${{ github.token }}',
    description: 'To read the commit and its ancestry',
  },
] as const satisfies readonly ActionInput[];

/** The name of an input. */
export type InputName = (typeof actionInputs)[number]['name'];

/** What the Action gives back. action.yml and the README's table come from here. */
export const actionOutputs = [
  { name: 'keywords', description: 'JSON array of the keywords found' },
  { name: 'plan', description: 'The plan, JSON' },
  { name: 'images', description: 'JSON object, name to REPOSITORY@sha256:…' },
  { name: 'built', description: 'JSON array of the names of the images that were built' },
  { name: 'reused', description: 'JSON array of the names of the images that were reused' },
  { name: 'lock-file', description: 'Path of the lock file written' },
] as const;

/**
 * The inputs, parsed and defaulted. `get` gives an input's raw value, empty when it was not given (`core.getInput`, or a flag's value);
 * `cpus` is how many builds run at once unless told otherwise.
 * Throws one UsageError that tells of every input that can't be read; it shows no secret.
 */
export function readInputs(get: (name: InputName) => string, defaults: { readonly cpus: number }): Inputs {
  const mistakes: string[] = [];
  const raw = (name: InputName): string => {
    const value = get(name).trim();
    const input: ActionInput | undefined = actionInputs.find((each) => each.name === name);
    // A secret's default is an expression that only GitHub can fill in.
    return value === '' && input?.kind !== 'secret' ? (input?.default ?? '') : value;
  };
  const told = (name: InputName) => (mistake: string) => void mistakes.push(`input ${name}: ${mistake}`);
  const given = (name: InputName): string | undefined => (raw(name) === '' ? undefined : raw(name));
  const inputs: Inputs = {
    registryPath: raw('registry-path'),
    credentialsJson: raw('credentials-json'),
    images: readList(raw('images')),
    commitMessage: given('commit-message'),
    catalog: given('catalog'),
    workingDirectory: raw('working-directory'),
    context: readChoice(raw('context'), contexts, told('context')),
    rebuild: readChoice(raw('rebuild'), rebuilds, told('rebuild')),
    tags: readList(raw('tags'), { each: tagTemplate, atLeastOne: true, mistake: told('tags') }),
    latest: readChoice(raw('latest'), latests, told('latest')),
    platforms: readList(raw('platforms'), { each: platform, atLeastOne: true, mistake: told('platforms') }),
    maxParallel: readCount(raw('max-parallel'), Math.max(1, defaults.cpus), told('max-parallel')),
    cache: readChoice(raw('cache'), caches, told('cache')),
    failFast: readBoolean(raw('fail-fast'), told('fail-fast')),
    push: readBoolean(raw('push'), told('push')),
    dryRun: readBoolean(raw('dry-run'), told('dry-run')),
    createRepository: readBoolean(raw('create-repository'), told('create-repository')),
    githubToken: raw('github-token'),
  };
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return inputs;
}
