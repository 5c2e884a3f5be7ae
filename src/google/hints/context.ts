import type { GoogleRegistryPath, RegistryPath } from '../registryPath';
import type { Place } from './gcloud';

/** What is known about a push that failed. */
export interface PushContext {
  readonly path: RegistryPath;
  /** E-mail address or principal that pushes; undefined: not known. */
  readonly account: string | undefined;
  /** What the pre-flight heard from Google; undefined: nothing was asked. */
  readonly mayUpload?: boolean | undefined;
}

/** A push to Artifact Registry, where the commands of gcloud fix something. */
export interface GoogleContext extends PushContext {
  readonly path: GoogleRegistryPath;
}

export function isGoogle(context: PushContext): context is GoogleContext {
  return context.path.kind !== 'other';
}

/** The repository that a refusal names, else the one that is pushed to. */
export function placeOf(context: GoogleContext, text = ''): Place {
  const named = /projects\/([a-z0-9.:-]{1,100})\/locations\/([a-z0-9-]{1,40})\/repositories\/([a-z0-9._-]{1,100})/.exec(
    text,
  );
  const { project, location, repository } = context.path;
  return named === null
    ? { project, location, repository }
    : { project: named[1] ?? project, location: named[2] ?? location, repository: named[3] ?? repository };
}

/** `ACCOUNT`, or `The account` where it is not known. */
export function accountOf(context: PushContext): string {
  return context.account ?? 'the account';
}
