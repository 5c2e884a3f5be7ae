import type { AuthClient } from 'google-auth-library';
import { RegistryError } from '../../errors';
import { explainPushFailure } from '../hints/explain';
import { createRepositoryCommand } from '../hints/gcloud';
import { hintLines } from '../hints/hint';
import type { GoogleRegistryPath } from '../registryPath';
import { deadlineIn, type Answer } from './deadline';
import { carryOut } from './operation';
import { apiCodes, wordsOf } from './apiError';
import type { ApiOptions } from './client';
import { createOperationApi } from './operationApi';

const timeoutMs = 60_000;

/**
 * Makes the repository, for Docker images, and waits until it is there. `there`: somebody else had made it.
 * Throws RegistryError that says why it can't be made and what to do (it needs artifactregistry.repositories.create).
 */
export async function createRepository(
  path: GoogleRegistryPath,
  authClient: AuthClient,
  options: ApiOptions = {},
): Promise<'created' | 'there'> {
  const deadline = deadlineIn(options.timeoutMs ?? timeoutMs, options.signal);
  const { project, location, repository } = path;
  const call = {
    method: 'POST',
    path: `projects/${project}/locations/${location}/repositories`,
    query: { repositoryId: repository },
    body: { format: 'DOCKER', mode: 'STANDARD_REPOSITORY' },
  } as const;
  const answer = await carryOut(createOperationApi(authClient, options), call, deadline);
  if (answer.kind === 'value') return 'created';
  if (answer.kind === 'refused' && answer.error.code === apiCodes.alreadyExists) return 'there';
  throw refused(path, answer);
}

function refused(path: GoogleRegistryPath, answer: Exclude<Answer<void>, { kind: 'value' }>): RegistryError {
  const { host, full } = path;
  const what = `The repository ${path.repository} could not be created in ${path.location} of ${path.project}`;
  if (answer.kind === 'late') return new RegistryError(`${what}: Google did not answer in time. Run again.`, { host });
  const { error } = answer;
  const fix =
    error.code === apiCodes.permissionDenied && (error.reason ?? 'IAM_PERMISSION_DENIED') === 'IAM_PERMISSION_DENIED'
      ? hintLines({
          kind: 'repository-missing',
          cause: 'It needs roles/artifactregistry.admin on the project; or let somebody who has it run:',
          fix: [createRepositoryCommand(path)],
        }).join('\n')
      : hintLines(explainPushFailure(wordsOf(error), { path, account: undefined }) ?? unexplained(path)).join('\n');
  return new RegistryError(`${what}: ${error.text}\n${fix}`, { host, repository: full });
}

function unexplained(path: GoogleRegistryPath) {
  return { kind: 'repository-missing', cause: 'By hand:', fix: [createRepositoryCommand(path)] } as const;
}
