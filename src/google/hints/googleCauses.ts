import { accountOf, placeOf, type GoogleContext } from './context';
import {
  configureDockerCommand,
  createRepositoryCommand,
  describeRepositoryCommand,
  grantCreateOnPushCommand,
  grantWriterCommand,
  listRepositoriesCommand,
} from './gcloud';
import type { Hint } from './hint';

/* What refusals of Artifact Registry mean that come in more than one wording. */

/** No such repository, in the project and location that the path names. */
export function repositoryMissing(context: GoogleContext): Omit<Hint, 'kind'> {
  const { path, account } = context;
  const { project, location, repository } = path;
  if (path.kind === 'gcr') {
    return {
      cause: `The Artifact Registry repository behind ${path.host} is not in the project ${project}. It is made by the first push of an account that may create it.`,
      fix: [createRepositoryCommand(path), grantCreateOnPushCommand(path, account)],
    };
  }
  return {
    cause: `There is no repository ${repository} in the location ${location} of the project ${project}; Artifact Registry does not create one on push. A repository belongs to one location: it may be in another.`,
    fix: [
      listRepositoriesCommand(project),
      createRepositoryCommand(path),
      'or let the run make it, as an account with roles/artifactregistry.admin on the project: create-repository: true',
    ],
  };
}

/** Docker had no login for this very host. */
export function notLoggedIn(context: GoogleContext): Omit<Hint, 'kind'> {
  const { host } = context.path;
  return {
    cause: `The registry did not get any login for ${host}. A login for another host, even of another region, does not count.`,
    fix: [
      'In a workflow: set the input credentials-json, or let google-github-actions/auth run before.',
      configureDockerCommand(host),
    ],
  };
}

/** One text for four causes: https://cloud.google.com/artifact-registry/docs/docker/troubleshoot#permission-denied */
export function denied(context: GoogleContext, text: string, what: string): Omit<Hint, 'kind'> {
  const place = placeOf(context, text);
  if (context.mayUpload === true) {
    const { cause, fix } = notLoggedIn(context);
    return { cause: `${upper(accountOf(context))} may push there, so docker is using another login. ${cause}`, fix };
  }
  const grant =
    context.path.kind === 'gcr'
      ? grantCreateOnPushCommand(place, context.account)
      : grantWriterCommand(place, context.account);
  return {
    cause: `${upper(accountOf(context))} may not ${what} in this repository, or there is no such repository (Google does not tell them apart). A role that was just given takes up to ten minutes.`,
    fix: [describeRepositoryCommand(place), grant],
  };
}

/** With a capital letter, to begin a sentence with. */
export function upper(text: string): string {
  return text.startsWith('the ') ? `T${text.slice(1)}` : text;
}
