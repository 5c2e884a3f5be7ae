import type { AuthClient } from 'google-auth-library';
import { RegistryError } from '../../errors';
import { explainPushFailure } from '../hints/explain';
import { hintLines } from '../hints/hint';
import type { GoogleRegistryPath } from '../registryPath';
import { answerOf, deadlineIn, type Answer, type Deadline } from './deadline';
import { carryOut } from './operation';
import { apiCodes, wordsOf } from './apiError';
import { createApiClient, packageName, type ApiOptions } from './client';
import { createOperationApi } from './operationApi';

/** Deletes images and tags by Google's API. What is not there any more counts as deleted. RegistryError with the fix otherwise. */
interface ApiRemover {
  /** With its tags. `repository`: `host/path`. */
  deleteVersion(repository: string, digest: string): Promise<void>;
  /** The tag alone. */
  deleteTag(repository: string, tag: string): Promise<void>;
}

const timeoutMs = 60_000;

/** Asks for credentials when something is to be deleted, and not before. */
export function apiRemover(
  path: GoogleRegistryPath,
  credentials: () => Promise<AuthClient | undefined>,
  options: ApiOptions & { readonly account?: string | undefined },
): ApiRemover {
  const deleting = async (
    what: string,
    repository: string,
    work: (authClient: AuthClient, deadline: Deadline) => Promise<Answer<unknown>>,
  ): Promise<void> => {
    const deadline = deadlineIn(options.timeoutMs ?? timeoutMs, options.signal);
    const authClient = await credentials();
    if (authClient === undefined) throw new RegistryError(`Google's API does not take the login for ${path.host}.`);
    const answer = await work(authClient, deadline);
    if (answer.kind === 'value') return;
    if (answer.kind === 'refused' && answer.error.code === apiCodes.notFound) return;
    const details = { host: path.host, repository };
    if (answer.kind === 'late') throw new RegistryError(`${what}: Google did not answer in time. Run again.`, details);
    const hint = explainPushFailure(wordsOf(answer.error), { path, account: options.account });
    const lines = hint === undefined ? [] : hintLines(hint);
    throw new RegistryError([`${what}: ${answer.error.text}`, ...lines].join('\n'), details);
  };
  return {
    deleteVersion: (repository, digest) => {
      const name = `${packageName(path, imageWithin(path, repository))}/versions/${digest}`;
      return deleting(`${repository}@${digest} can't be deleted`, repository, (authClient, deadline) =>
        carryOut(
          createOperationApi(authClient, options),
          { method: 'DELETE', path: name, query: { force: 'true' } },
          deadline,
        ),
      );
    },
    deleteTag: (repository, tag) => {
      const name = `${packageName(path, imageWithin(path, repository))}/tags/${tag}`;
      return deleting(`${repository}:${tag} can't be deleted`, repository, (authClient, deadline) =>
        answerOf(deadline, async (timeout) => {
          const client = await createApiClient(authClient, options.endpoint);
          await client.deleteTag({ name }, { timeout });
        }),
      );
    },
  };
}

/** `team/driver` of `europe-west3-docker.pkg.dev/p/r/team/driver`: what the API calls a package. RegistryError for another repository's. */
export function imageWithin(path: GoogleRegistryPath, repository: string): string {
  const project = path.project.replace(':', '/');
  const top = path.kind === 'gcr' ? `${path.host}/${project}/` : `${path.host}/${project}/${path.repository}/`;
  if (!repository.startsWith(top)) throw new RegistryError(`${repository} is not in ${top}.`);
  return repository.slice(top.length);
}
