import type { PushContext } from './context';
import type { Row } from './googleRows';
import { createEcrCommands, ecr } from './otherHosts';

/**
 * Refusals that only registries other than Google's word like this, or that have a mend of their own there. The first row that fits counts.
 * Sources are the vendors' documentation and public reports: docs/registries.md, "Registries that are rented".
 */
const otherRows: readonly HostRow[] = [
  {
    kind: 'repository-kind',
    pattern: /can(?: ?not|'t) push artifact to a proxy project/i,
    explain: ({ path }) => ({
      cause: `${path.full} is in a project that is a proxy cache of another registry: Harbor takes no pushes there.`,
      fix: ["Give registry-path a project of Harbor's that is not a proxy cache."],
    }),
  },
  {
    kind: 'storage-full',
    pattern: /exceed the configured upper limit|quota has been exceeded|exceeded[^\n]{0,40}storage|\b507 Insufficient/i,
    explain: ({ path }) => ({
      cause: `What may be stored in ${path.full} is used up. What was uploaded so far is kept.`,
      fix: [
        'Delete old sets: kfp-images prune (what it deletes is freed by the registry in its own time: its garbage collection)',
        'or have the quota raised.',
      ],
    }),
  },
  {
    kind: 'repository-missing',
    pattern: /\bproject [\w.-]{1,255} not found/i,
    explain: ({ path }) => ({
      cause: `${path.host} has no project ${path.path.split('/')[0] ?? ''}, or the account may not see it.`,
      fix: ['Create the project there, or fix registry-path; a robot account has to be of that project.'],
    }),
  },
  {
    kind: 'tag-immutable',
    pattern: /operation is disallowed on this registry/i,
    explain: ({ path }) => ({
      cause: 'The image or repository is locked: what has this tag can be neither moved nor deleted.',
      fix: [
        `az acr repository update --name ${path.host.split('.')[0] ?? ''} --repository ${path.path}/IMAGE --write-enabled true --delete-enabled true`,
      ],
    }),
  },
  {
    kind: 'tag-denied',
    pattern: /manifest[ _]invalid[^\n]{0,80}\b403\b|not enough permissions to (?:overwrite|delete)/i,
    explain: ({ path }) => ({
      cause: `The account may upload to ${path.full}, but not move a tag that is there.`,
      fix: ["Artifactory: give it the repository's permission Delete/Overwrite as well."],
    }),
  },
  {
    kind: 'repository-missing',
    host: ecr,
    pattern: /NAME_UNKNOWN|name unknown|RepositoryNotFoundException|does not exist in the registry with id/i,
    explain: ({ path }) => ({
      cause: `${path.host} makes no repository by itself: each image has its own, and so has the set.`,
      fix: createEcrCommands(path.full, ['IMAGE', 'kfp-images-set', 'kfp-images-cache']),
    }),
  },
  {
    kind: 'upload-denied',
    host: ecr,
    pattern: /not authorized to perform: ecr:/i,
    explain: () => ({
      cause: 'The role may not push to the repository: the text names the action of ECR that its policy lacks.',
      fix: [
        'Give it the actions of the managed policy AmazonEC2ContainerRegistryPowerUser; for kfp-images prune also ecr:BatchDeleteImage.',
      ],
    }),
  },
  {
    kind: 'upload-denied',
    host: /^ghcr\.io$/,
    pattern: /\b403\b|\bdenied\b|forbidden/i,
    explain: ({ path, account }) => ({
      cause: `GitHub does not let ${account ?? 'the account'} write packages to ${path.full}.`,
      fix: [
        "In the workflow's job: permissions: packages: write, and a login by docker/login-action with ${{ github.actor }} and ${{ github.token }}",
        "A package that was made otherwise: its page, Package settings, Manage Actions access, this repository with the role Write (each image's package, and the set's)",
        'A personal token needs write:packages, and to be authorized for the organization where that asks for it.',
      ],
    }),
  },
  {
    kind: 'upload-denied',
    host: /^(?:index\.)?docker\.io$/,
    pattern: /\b403\b|\bdenied\b|forbidden|insufficient_scope/i,
    explain: ({ path }) => ({
      cause: `Docker Hub does not let the account push to ${path.full}: the name is another's, or the token may only read.`,
      fix: [
        'registry-path: docker.io/NAME, where NAME is the user or organization (Docker Hub has no deeper paths)',
        'The personal access token needs Read & Write: docker login --username NAME',
      ],
    }),
  },
  {
    kind: 'upload-denied',
    host: /(?:^|\.)gitlab\./,
    pattern: /\b403\b|\bdenied\b|forbidden|insufficient_scope/i,
    explain: ({ path }) => ({
      cause: `GitLab does not let the account push to ${path.full}.`,
      fix: [
        'registry-path has to begin with the path of a project whose container registry is on: HOST/GROUP/PROJECT',
        'The token needs read_registry and write_registry, and the role Developer; protected tags need more.',
      ],
    }),
  },
];

/** A row for some hosts only. */
interface HostRow extends Row<PushContext> {
  /** undefined: of any. */
  readonly host?: RegExp;
}

/** The row that fits a refusal. */
export function otherRow(text: string, { path }: PushContext): HostRow | undefined {
  return otherRows.find(({ host, pattern }) => (host === undefined || host.test(path.host)) && pattern.test(text));
}
