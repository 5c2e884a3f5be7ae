import { secretInputs } from './secretInputs';

export { actionOutputs } from './outputs';

/** One input of the Action, and under the same name one flag of the command line. */
export interface ActionInput {
  readonly name: string;
  /** `secret`: text whose value is never shown and, on a terminal, never an argument. */
  readonly kind: 'text' | 'list' | 'choice' | 'boolean' | 'count' | 'secret';
  /** As it is in action.yml; empty: it has none there. */
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
      'Where images go: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY[/PREFIX], or any other registry host and path. Trailing slashes and https:// are ignored. Required, except with dry-run or push: false',
  },
  {
    name: 'registry-hosts',
    kind: 'list',
    default: '',
    description:
      'How to reach registry hosts, comma or newline separated: HOST=plain-http; HOST=ca:FILE, the certificates of its private CA; HOST=push:OTHER, the host that images of HOST are pushed to. Default: $KFP_IMAGES_REGISTRY_HOSTS',
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
    description: 'Names or groups, comma or newline separated or as a JSON array, instead of keywords',
  },
  {
    name: 'commit-message',
    kind: 'text',
    default: '',
    fallback: "head commit's",
    description: 'The text to search for keywords',
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
    description: 'commit: build exactly what is committed, from a clean tree; workspace: the files as they are on disk',
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
      'What to do when latest is on another line of history, for example after a force-push. warn: publish the set, leave latest, succeed; fail: the same, but fail the run',
  },
  {
    name: 'platforms',
    kind: 'list',
    default: 'linux/amd64',
    description: 'As in buildx: os/architecture[/variant], comma or newline separated',
  },
  {
    name: 'builder',
    kind: 'text',
    default: '',
    fallback: 'the one docker takes',
    description: 'Name of a buildx builder, of any driver, with one or more nodes',
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
      'What an empty builder starts from. auto: the compile and module caches of earlier builds, in the registry as kfp-images-cache; registry, gha: those and the BuildKit layer cache; none: nothing',
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
      'true: load the images into the Docker engine too, after pushing them or besides outputs. Without push and outputs they are there anyway',
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
      'true: create the Artifact Registry repository before the first build if it does not exist (needs roles/artifactregistry.admin on the project)',
  },
  {
    name: 'fan-out',
    kind: 'choice',
    choices: inputChoices.fanOuts,
    default: 'none',
    description:
      'With dry-run: how the output matrix splits the builds. none; images: one image per shard, or several small ones; platforms: one platform per shard, without emulation',
  },
  {
    name: 'max-shards',
    kind: 'count',
    default: '8',
    description: 'With fan-out: the maximum number of shards',
  },
  {
    name: 'runs-on',
    kind: 'text',
    default: '',
    fallback: 'ubuntu-24.04, for linux/arm64 ubuntu-24.04-arm',
    description:
      'With fan-out: the runner of each shard: a label, a JSON list of labels, or JSON from platform to these',
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
      'The output matrix of the planning run, for the run that publishes: it checks that each shard is done, and builds none of them itself',
  },
  {
    name: 'provenance',
    kind: 'boolean',
    default: 'false',
    description: 'true: attach SLSA provenance to each image and to the set, for verify and public tools',
  },
  {
    name: 'sbom',
    kind: 'text',
    default: 'false',
    description:
      "Attach an SBOM (SPDX) to each image. true: from the build information of its Go binaries; generator=IMAGE: what this scanner finds in the build (BuildKit's protocol, such as docker/buildkit-syft-scanner)",
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
      'Private key to sign with: PEM, also encrypted as by cosign generate-key-pair (its password is read from the environment variable COSIGN_PASSWORD), or the path of its file; or its reference in Google Cloud KMS, gcpkms://projects/…/cryptoKeyVersions/N',
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
