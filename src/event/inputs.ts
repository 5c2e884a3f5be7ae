import { secretInputs } from './buildInputs';

export { actionOutputs } from './outputs';

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

/** What each choice may be. */
export const inputChoices = {
  rebuilds: ['changed', 'all'],
  contexts: ['commit', 'workspace'],
  latests: ['default-branch', 'always', 'never'],
  divergences: ['warn', 'fail'],
  fanOuts: ['none', 'images', 'platforms'],
  signs: ['none', 'auto', 'key', 'keyless'],
  caches: ['auto', 'none', 'registry', 'gha'],
} as const;

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
    name: 'registry-hosts',
    kind: 'list',
    default: '',
    description:
      'What hosts of registries need, comma or newline separated: HOST=plain-http; HOST=ca:FILE, certificates of its own authority; HOST=push:OTHER, where images that are pulled from HOST are pushed to. Every command also reads $KFP_IMAGES_REGISTRY_HOSTS',
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
    choices: inputChoices.contexts,
    default: 'commit',
    description: 'commit: build exactly what is committed, from a clean tree; workspace: the files as they lie there',
  },
  {
    name: 'rebuild',
    kind: 'choice',
    choices: inputChoices.rebuilds,
    default: 'changed',
    description: 'changed: reuse an image whose content key the registry already has; all: build every selected image',
  },
  {
    name: 'tags',
    kind: 'list',
    default: 'commit-{{sha}}',
    description:
      'Tags for each image; {{sha}}, {{short_sha}}, {{branch}}, {{date}} (YYYYMMDD of the commit), {{version}} (of a git tag v1.2.3), {{pr}} are filled in. A tag for which a run has no value is left out',
  },
  {
    name: 'latest',
    kind: 'choice',
    choices: inputChoices.latests,
    default: 'default-branch',
    description: 'When to move the tag latest: default-branch, always, never. It never moves backwards',
  },
  {
    name: 'diverged',
    kind: 'choice',
    choices: inputChoices.divergences,
    default: 'warn',
    description:
      'What to do where latest stands on another line of history, after a force-push say: warn: publish the set, leave latest, end green; fail: the same, but end red',
  },
  {
    name: 'platforms',
    kind: 'list',
    default: 'linux/amd64',
    description: 'As for buildx: os/architecture[/variant], comma or newline separated',
  },
  {
    name: 'builder',
    kind: 'text',
    default: '',
    fallback: 'the one docker takes',
    description: 'Name of a buildx builder, of any driver and with as many nodes as it has',
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
    choices: inputChoices.caches,
    default: 'auto',
    description:
      'What an empty builder starts from: auto: the compile and module caches of earlier builds, in the registry as kfp-images-cache; registry, gha: these and BuildKit layer cache; none: nothing',
  },
  {
    name: 'no-cache',
    kind: 'boolean',
    default: 'false',
    description:
      'true: rebuild every selected image, without layer cache and without the shared cache mounts of the catalog, on base images looked up again',
  },
  ...secretInputs,
  { name: 'fail-fast', kind: 'boolean', default: 'false', description: 'Stop the other builds at the first failure' },
  {
    name: 'push',
    kind: 'boolean',
    default: 'true',
    description:
      'false: build only, into the local engine as NAME:commit-SHA, bound to each other by these names (for kind and minikube)',
  },
  {
    name: 'load',
    kind: 'boolean',
    default: 'false',
    description:
      'true: have the images in the Docker engine too, after they were pushed, or beside outputs. Without push and outputs they are there anyway',
  },
  {
    name: 'outputs',
    kind: 'text',
    default: '',
    description:
      'Files to write with push: false, one a line: type=oci,dest=FOLDER/{{image}}.tar or type=docker,dest=…; {{image}}, {{sha}} and {{short_sha}} are filled in',
  },
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
    name: 'fan-out',
    kind: 'choice',
    choices: inputChoices.fanOuts,
    default: 'none',
    description:
      'With dry-run: what the output matrix is cut into: none, images (one or several small ones a shard), platforms (one platform a shard, without emulation)',
  },
  {
    name: 'max-shards',
    kind: 'count',
    default: '8',
    description: 'With fan-out: so many shards at most',
  },
  {
    name: 'runs-on',
    kind: 'text',
    default: '',
    fallback: 'ubuntu-24.04, for linux/arm64 ubuntu-24.04-arm',
    description: 'With fan-out: runner of each shard, one label or JSON from platform to label',
  },
  {
    name: 'shard',
    kind: 'text',
    default: '',
    description: 'Build and push this shard of a matrix by digest and content key, and publish nothing',
  },
  {
    name: 'shards',
    kind: 'text',
    default: '',
    description:
      'The output matrix of the run that planned, for the run that publishes: it says of each shard whether it is done, and builds none of them itself',
  },
  {
    name: 'provenance',
    kind: 'boolean',
    default: 'false',
    description:
      'true: attach to each image and to the set where it comes from (SLSA provenance), which verify and public tools read',
  },
  {
    name: 'sbom',
    kind: 'text',
    default: 'false',
    description:
      "Attach to each image what is in it (SPDX). true: what its Go binaries say of themselves; generator=IMAGE: what this scanner finds in the build (BuildKit's protocol, such as docker/buildkit-syft-scanner)",
  },
  {
    name: 'sign',
    kind: 'choice',
    choices: inputChoices.signs,
    default: 'none',
    description:
      "Sign each image and the set as cosign does. key: with sign-key; keyless: with the job's identity, by Sigstore (needs id-token: write; its public log then names the repository); auto: with a key or else the identity, and unsigned, with a warning, where neither can be used",
  },
  {
    name: 'sign-key',
    kind: 'secret',
    default: '',
    description:
      'Private key to sign with, PEM, also as cosign generate-key-pair encrypts it; its password is read from the environment, COSIGN_PASSWORD',
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
