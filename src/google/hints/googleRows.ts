import { accountOf, placeOf, type GoogleContext } from './context';
import {
  createKeyCommand,
  describeProjectCommand,
  enableApiCommand,
  grantImpersonationCommands,
  grantRepoAdminCommand,
  grantWriterCommand,
  listRepositoriesCommand,
  storeKeyCommand,
} from './gcloud';
import { denied, notLoggedIn, repositoryMissing, upper } from './googleCauses';
import type { FailureKind, Hint } from './hint';

/** One failure: how it is recognised, and what it means. Patterns take linear time on any text. */
export interface Row<Context> {
  readonly kind: FailureKind;
  readonly pattern: RegExp;
  explain(context: Context, text: string): Omit<Hint, 'kind'>;
}

const console = 'https://console.cloud.google.com';

/**
 * Refusals that only Google words like this. The first row that fits counts.
 * Sources: https://cloud.google.com/artifact-registry/docs/docker/troubleshoot ,
 * https://cloud.google.com/service-usage/docs/service-usage-errors , https://cloud.google.com/iam/docs/troubleshoot-workload-identity-federation
 */
export const googleRows: readonly Row<GoogleContext>[] = [
  {
    kind: 'api-disabled',
    pattern: /SERVICE_DISABLED|API has not been used in project|API is not enabled/i,
    explain: (context, text) => {
      const api = /iamcredentials\.googleapis\.com|IAM Service Account Credentials API/.test(text)
        ? 'iamcredentials.googleapis.com'
        : 'artifactregistry.googleapis.com';
      const { project } = placeOf(context, text);
      return {
        cause: `The API ${api} is not enabled in the project ${project}. Once it is, it takes a few minutes to be known everywhere.`,
        fix: [enableApiCommand(project, api)],
      };
    },
  },
  {
    kind: 'billing-disabled',
    pattern: /BILLING_DISABLED|requires billing to be enabled/i,
    explain: ({ path }) => ({
      cause: `The project ${path.project} has no billing account, without which Artifact Registry stores nothing.`,
      fix: [`Link one at ${console}/billing/linkedaccount?project=${path.project}`],
    }),
  },
  {
    kind: 'vpc-service-controls',
    pattern: /vpcServiceControlsUniqueIdentifier|SECURITY_POLICY_VIOLATED|prohibited by organization's policy/i,
    explain: ({ path }) => ({
      cause: `VPC Service Controls around the project ${path.project} don't let requests in from where this runs.`,
      fix: ['Have an ingress rule added for the account, or run on a runner inside the perimeter.'],
    }),
  },
  {
    kind: 'project-missing',
    pattern:
      /CONSUMER_INVALID|Project (?:'|"|#)?[\w.:-]{1,100}(?:'|")? (?:not found|has been deleted|was not found)|USER_PROJECT_DENIED/i,
    explain: ({ path }) => ({
      cause: `There is no project ${path.project}, or it may not be seen. Its ID is needed (my-project-123456), not its name or number.`,
      fix: [describeProjectCommand(path.project), 'gcloud projects list'],
    }),
  },
  {
    kind: 'impersonation-denied',
    pattern: /iam\.serviceAccounts\.getAccessToken|iam\.serviceAccounts\.getOpenIdToken/,
    explain: (context) => ({
      cause: `Google doesn't give out tokens of ${context.account ?? 'the service account'}: with workload identity the repository is not among those that may act as it; for token_format: access_token with a key it must be allowed to make tokens of its own.`,
      fix: grantImpersonationCommands(context.account),
    }),
  },
  {
    kind: 'credentials-file-missing',
    pattern:
      /ENOENT[^\n]{0,200}gha-creds-[0-9a-f]{1,32}\.json|gha-creds-[0-9a-f]{1,32}\.json[^\n]{0,100}(?:does not exist|no such file)/i,
    explain: () => ({
      cause:
        'google-github-actions/auth wrote its credentials into the workspace, and they are gone: a checkout after it cleans the workspace.',
      fix: ['Put the step actions/checkout before google-github-actions/auth.'],
    }),
  },
  {
    kind: 'key-unreadable',
    pattern:
      /Unable to parse json key|DECODER routines::unsupported|Bad control character in string literal|Unexpected token .{0,40}is not valid JSON|Unexpected end of JSON input|no start line/i,
    explain: ({ account }) => ({
      cause:
        'The service account key arrived mangled: cut off, with its line breaks changed by quoting, empty (secrets are not given to forks), or as base64 where JSON is expected.',
      fix: [createKeyCommand(account), storeKeyCommand, 'rm key.json'],
    }),
  },
  {
    kind: 'key-refused',
    pattern:
      /invalid_grant|Invalid JWT Signature|account not found|ACCOUNT_STATE_INVALID|service account[^\n]{0,80}(?:disabled|deleted)/i,
    explain: ({ account }) => ({
      cause: `Google refuses the credentials of ${account ?? 'the account'}: the key or the account was deleted or disabled, or this machine's clock is wrong.`,
      fix: [
        `gcloud iam service-accounts keys list --iam-account=${account ?? 'ACCOUNT'}`,
        createKeyCommand(account),
        storeKeyCommand,
      ],
    }),
  },
  {
    kind: 'not-logged-in',
    pattern: /Unauthenticated request/i,
    explain: (context) => notLoggedIn(context),
  },
  {
    kind: 'tag-denied',
    pattern: /artifactregistry\.tags\.(?:create|update)\b/,
    explain: (context, text) => ({
      cause: `${upper(accountOf(context))} may upload, but not put or move tags.`,
      fix: [grantWriterCommand(placeOf(context, text), context.account)],
    }),
  },
  {
    kind: 'delete-denied',
    pattern: /artifactregistry\.(?:versions\.delete|tags\.delete|packages\.delete|repositories\.deleteArtifacts)\b/,
    explain: (context, text) => ({
      cause: `${upper(accountOf(context))} may not delete from the repository: the role that pushes does not delete.`,
      fix: [grantRepoAdminCommand(placeOf(context, text), context.account)],
    }),
  },
  {
    kind: 'upload-denied',
    pattern: /artifactregistry\.repositories\.(?:uploadArtifacts|createOnPush)\b/,
    explain: (context, text) => denied(context, text, 'upload'),
  },
  {
    kind: 'download-denied',
    pattern: /artifactregistry\.repositories\.(?:downloadArtifacts|get)\b/,
    explain: (context, text) => denied(context, text, 'read (a push looks first whether the layers are there)'),
  },
  {
    kind: 'location-unknown',
    pattern: /Location [\w-]{1,60} (?:is not found|not found|is invalid)|(?:invalid|unsupported|unknown) location/i,
    explain: ({ path }) => ({
      cause: `Artifact Registry has no location ${path.location}, or the organization does not allow it.`,
      fix: ['gcloud artifacts locations list', listRepositoriesCommand(path.project)],
    }),
  },
  {
    kind: 'repository-missing',
    pattern: /Repository "[^"\n]{1,200}" not found|NAME_UNKNOWN|name unknown|Requested entity was not found/i,
    explain: (context) => repositoryMissing(context),
  },
  {
    kind: 'image-name-missing',
    pattern: /Missing image name|NAME_INVALID/i,
    explain: ({ path }) => ({
      cause: `The path ends too early: an image's name needs project, repository and image after ${path.host}.`,
      fix: [`registry-path: ${path.host}/PROJECT/REPOSITORY`, listRepositoriesCommand(path.project)],
    }),
  },
];
