/** A repository of Artifact Registry as gcloud names it. */
export interface Place {
  readonly project: string;
  readonly location: string;
  readonly repository: string;
}

/** What is in a command where the account is not known. */
const unknownAccount = 'ACCOUNT';

/*
 * The commands that fix a failed push, ready to be pasted. What goes into them has the form of a name, or a placeholder is
 * there: a registry's answer can't put anything else on someone's command line.
 * https://cloud.google.com/sdk/gcloud/reference/artifacts/repositories
 */

export function createRepositoryCommand(place: Place): string {
  return `gcloud artifacts repositories create ${where(place)} --repository-format=docker`;
}

/** Right to push to this repository alone. `account`: e-mail address or principal; undefined: not known. */
export function grantWriterCommand(place: Place, account: string | undefined): string {
  return `gcloud artifacts repositories add-iam-policy-binding ${where(place)} --member=${member(account)} --role=roles/artifactregistry.writer`;
}

/** What deletes images needs more than what pushes them. */
export function grantRepoAdminCommand(place: Place, account: string | undefined): string {
  return `gcloud artifacts repositories add-iam-policy-binding ${where(place)} --member=${member(account)} --role=roles/artifactregistry.repoAdmin`;
}

/** The repositories of a former Container Registry host are made by the first push, by who has this role on the project. */
export function grantCreateOnPushCommand(place: Place, account: string | undefined): string {
  return `gcloud projects add-iam-policy-binding ${name(place.project, 'PROJECT')} --member=${member(account)} --role=roles/artifactregistry.createOnPushWriter`;
}

export function describeRepositoryCommand(place: Place): string {
  return `gcloud artifacts repositories describe ${where(place)}`;
}

export function listRepositoriesCommand(project: string): string {
  return `gcloud artifacts repositories list --project=${name(project, 'PROJECT')}`;
}

export function allowMovingTagsCommand(place: Place): string {
  return `gcloud artifacts repositories update ${where(place)} --no-immutable-tags`;
}

export function enableApiCommand(project: string, api = 'artifactregistry.googleapis.com'): string {
  return `gcloud services enable ${api} --project=${name(project, 'PROJECT')}`;
}

export function describeProjectCommand(project: string): string {
  return `gcloud projects describe ${name(project, 'PROJECT')}`;
}

/** Lets who runs the workflow act as the service account. */
export function grantImpersonationCommands(account: string | undefined): readonly string[] {
  const shown = isEmail(account) ? account : unknownAccount;
  const project = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(shown)?.[1];
  const on = project === undefined ? shown : `${shown} --project=${project}`;
  return [
    `gcloud iam service-accounts add-iam-policy-binding ${on} --role=roles/iam.workloadIdentityUser --member="principalSet://iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/attribute.repository/OWNER/REPOSITORY"`,
    `gcloud iam service-accounts add-iam-policy-binding ${on} --role=roles/iam.serviceAccountTokenCreator --member=${member(account)}`,
  ];
}

export function createKeyCommand(account: string | undefined): string {
  return `gcloud iam service-accounts keys create key.json --iam-account=${isEmail(account) ? account : unknownAccount}`;
}

/** Stands for the fork where a text is made; hintLines fills it in where it is known. */
export const unknownFork = 'OWNER/REPOSITORY';

/** Without the repository gh may take the one that a fork was made of. */
export const storeKeyCommand = `gh secret set GCP_SA_KEY --repo ${unknownFork} < key.json`;

/** Lets docker on this machine ask gcloud for logins to a host. */
export function configureDockerCommand(host: string): string {
  return `gcloud auth configure-docker ${/^[a-z0-9.-]+$/.test(host) ? host : 'HOST'}`;
}

function where({ project, location, repository }: Place): string {
  return `${name(repository, 'REPOSITORY')} --project=${name(project, 'PROJECT')} --location=${name(location, 'LOCATION')}`;
}

function name(text: string, placeholder: string): string {
  return /^[a-z0-9](?:[a-z0-9._:-]{0,250}[a-z0-9])?$/.test(text) ? text : placeholder;
}

function member(account: string | undefined): string {
  if (isEmail(account)) return `${account.endsWith('.gserviceaccount.com') ? 'serviceAccount' : 'user'}:${account}`;
  return isPrincipal(account) ? `"${account}"` : `serviceAccount:${unknownAccount}`;
}

function isPrincipal(text: string | undefined): text is `principal${string}` {
  return text !== undefined && /^principal(?:Set)?:\/\/[A-Za-z0-9._~:/@+=-]{1,400}$/.test(text);
}

function isEmail(text: string | undefined): text is `${string}@${string}` {
  return text !== undefined && /^[A-Za-z0-9][A-Za-z0-9._%+-]{0,127}@[A-Za-z0-9.-]{1,250}$/.test(text);
}
