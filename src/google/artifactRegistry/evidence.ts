import type { AuthClient } from 'google-auth-library';
import type { GoogleRegistryPath } from '../registryPath';
import { answerOf, deadlineIn, type Answer, type Deadline } from './deadline';
import { apiCodes } from './apiError';
import { createApiClient, repositoryName, type ApiOptions, type ArtifactRegistryClient } from './client';

/** What of a repository decides whether images can be pushed to it. */
export interface RepositoryFacts {
  /** `DOCKER`, `MAVEN`, … */
  readonly format: string;
  /** `STANDARD_REPOSITORY`, `VIRTUAL_REPOSITORY`, `REMOTE_REPOSITORY`; or unspecified. */
  readonly mode: string;
  readonly immutableTags: boolean;
  /** Does it look for vulnerabilities by itself? */
  readonly isScanning: boolean;
}

/** What Google said. */
export interface Evidence {
  readonly repository: Answer<RepositoryFacts>;
  /** Of `neededPermissions`, those that are held. */
  readonly permissions: Answer<readonly string[]>;
  /** Names of the repositories beside a missing one, where they may be seen. */
  readonly neighbours: readonly string[];
}

export const upload = 'artifactregistry.repositories.uploadArtifacts';
export const download = 'artifactregistry.repositories.downloadArtifacts';
export const tagRights = ['artifactregistry.tags.create', 'artifactregistry.tags.update'] as const;

/** What a push needs; roles/artifactregistry.writer has them: https://cloud.google.com/artifact-registry/docs/access-control#roles */
const neededPermissions: readonly string[] = [upload, download, ...tagRights];

const loadingMs = 60_000;

/** Asks Google about a repository, as long as there is time. Throws only the signal's reason. */
export async function gatherEvidence(
  path: GoogleRegistryPath,
  authClient: AuthClient,
  options: ApiOptions,
): Promise<Evidence> {
  // Loading is this machine's work, not Google's: it takes none of the time that Google has.
  const loading = deadlineIn(loadingMs, options.signal);
  const made = await answerOf(loading, () => createApiClient(authClient, options.endpoint));
  if (made.kind !== 'value') return { repository: made, permissions: made, neighbours: [] };
  const deadline = deadlineIn(options.timeoutMs ?? 3000, options.signal);
  const client = made.value;
  const [repository, permissions] = await Promise.all([
    answerOf(deadline, (timeout) => readRepository(client, path, timeout)),
    heldPermissions(client, path, deadline),
  ]);
  const isMissing = repository.kind === 'refused' && repository.error.code === apiCodes.notFound;
  const neighbours = isMissing ? await listNeighbours(client, path, deadline) : [];
  return { repository, permissions, neighbours };
}

async function readRepository(
  client: ArtifactRegistryClient,
  path: GoogleRegistryPath,
  timeout: number,
): Promise<RepositoryFacts> {
  const [repository] = await client.getRepository({ name: repositoryName(path) }, { timeout });
  return {
    format: nameOf(repository.format, formats),
    mode: nameOf(repository.mode, modes),
    immutableTags: repository.dockerConfig?.immutableTags ?? false,
    isScanning: nameOf(repository.vulnerabilityScanningConfig?.enablementState, scanning) === 'SCANNING_ACTIVE',
  };
}

async function heldPermissions(
  client: ArtifactRegistryClient,
  path: GoogleRegistryPath,
  deadline: Deadline,
): Promise<Answer<readonly string[]>> {
  const ask = (permissions: readonly string[]): Promise<Answer<readonly string[]>> =>
    answerOf(deadline, async (timeout) => {
      const request = { resource: repositoryName(path), permissions: [...permissions] };
      const [{ permissions: held }] = await client.testIamPermissions(request, { timeout });
      return held ?? [];
    });
  const answer = await ask(neededPermissions);
  if (answer.kind !== 'refused' || answer.error.code !== apiCodes.invalidArgument) return answer;
  // A repository may not be asked about rights on the tags in it; then they are taken as held.
  const less = await ask([upload, download]);
  return less.kind === 'value' ? { kind: 'value', value: [...less.value, ...tagRights] } : less;
}

async function listNeighbours(
  client: ArtifactRegistryClient,
  { project, location }: GoogleRegistryPath,
  deadline: Deadline,
): Promise<readonly string[]> {
  const parent = `projects/${project}/locations/${location}`;
  const answer = await answerOf(deadline, async (timeout) => {
    const [repositories] = await client.listRepositories({ parent, pageSize: 1000 }, { timeout, autoPaginate: false });
    return repositories.flatMap(({ name }) => name?.split('/').at(-1) ?? []);
  });
  return answer.kind === 'value' ? answer.value : [];
}

/** Numbers of the enums that have names here; of others the number is shown. */
const formats: ReadonlyMap<unknown, string> = new Map([
  [1, 'DOCKER'],
  [2, 'MAVEN'],
  [3, 'NPM'],
  [8, 'PYTHON'],
  [11, 'GENERIC'],
]);
const modes: ReadonlyMap<unknown, string> = new Map([
  [1, 'STANDARD_REPOSITORY'],
  [2, 'VIRTUAL_REPOSITORY'],
  [3, 'REMOTE_REPOSITORY'],
]);

const scanning: ReadonlyMap<unknown, string> = new Map([[3, 'SCANNING_ACTIVE']]);

function nameOf(value: number | string | null | undefined, names: ReadonlyMap<unknown, string>): string {
  return typeof value === 'string' ? value : (names.get(value) ?? String(value ?? 'unspecified'));
}
