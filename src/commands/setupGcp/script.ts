/** What the commands are about. Every text has the form of a name, so that nothing needs quoting. */
export interface Setup {
  readonly project: string;
  readonly location: string;
  readonly repository: string;
  readonly registryPath: string;
  /** `owner/name` on GitHub. */
  readonly fork: string;
  /** Short name of the service account. */
  readonly account: string;
  /** A key instead of workload identity. */
  readonly key: boolean;
}

/**
 * The commands of docs/google-cloud.md, filled in: repository, account with the one role on it, and GitHub as that account. A shell script;
 * each command can be run again (what is there already is refused and left).
 * https://cloud.google.com/sdk/gcloud/reference
 */
export function setupScript(setup: Setup): string {
  const { project, location, repository, fork, account } = setup;
  const writer = `${account}@${emailDomain(project)}.iam.gserviceaccount.com`;
  const lines = [
    `# ${fork} pushes to ${setup.registryPath}. Read, then run; needs gcloud (as an owner of the project) and gh.`,
    '',
    '# The repository',
    `gcloud services enable artifactregistry.googleapis.com iamcredentials.googleapis.com sts.googleapis.com --project=${project}`,
    `gcloud artifacts repositories create ${repository} --project=${project} --location=${location} --repository-format=docker`,
    '',
    '# The account, with the right to push to this repository and to nothing else',
    `gcloud iam service-accounts create ${account} --project=${project} --display-name="Pushes images of ${fork}"`,
    `gcloud artifacts repositories add-iam-policy-binding ${repository} --project=${project} --location=${location} \\`,
    `  --member=serviceAccount:${writer} --role=roles/artifactregistry.writer`,
    '',
    ...(setup.key ? byKey(setup, writer) : byIdentity(setup, writer)),
    '',
    '# Where images go',
    `gh secret set GCP_ARTIFACT_REGISTRY_PATH --repo=${fork} --body=${setup.registryPath}`,
    '',
    '# Look whether it works (a new role takes some minutes)',
    `kfp-images doctor --registry-path=${setup.registryPath}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** GitHub proves which repository a job belongs to: https://github.com/google-github-actions/auth#workload-identity-federation-through-a-service-account */
function byIdentity({ project, fork }: Setup, writer: string): readonly string[] {
  return [
    '# GitHub as that account, without a key: only jobs of this one repository',
    `gcloud iam workload-identity-pools create github --project=${project} --location=global --display-name=GitHub`,
    `gcloud iam workload-identity-pools providers create-oidc pipelines --project=${project} --location=global \\`,
    '  --workload-identity-pool=github --issuer-uri=https://token.actions.githubusercontent.com \\',
    '  --attribute-mapping="google.subject=assertion.sub,attribute.repository=assertion.repository" \\',
    `  --attribute-condition="assertion.repository == '${fork}'"`,
    `POOL=projects/$(gcloud projects describe ${project} --format="value(projectNumber)")/locations/global/workloadIdentityPools/github`,
    `gcloud iam service-accounts add-iam-policy-binding ${writer} --project=${project} \\`,
    `  --role=roles/iam.workloadIdentityUser --member="principalSet://iam.googleapis.com/$POOL/attribute.repository/${fork}"`,
    `gh variable set GCP_WORKLOAD_IDENTITY_PROVIDER --repo=${fork} --body="$POOL/providers/pipelines"`,
    `gh variable set GCP_SERVICE_ACCOUNT --repo=${fork} --body=${writer}`,
  ];
}

function byKey({ project, fork }: Setup, writer: string): readonly string[] {
  return [
    '# GitHub as that account, by a key: it works until it is deleted, wherever it is used',
    `(umask 077 && gcloud iam service-accounts keys create key.json --project=${project} --iam-account=${writer})`,
    `gh secret set GCP_SA_KEY --repo=${fork} < key.json`,
    'rm key.json',
  ];
}

/** Accounts of a domain's project: `example.com:p` gives `p.example.com`. https://cloud.google.com/iam/docs/service-account-overview */
function emailDomain(project: string): string {
  const [domain = '', name] = project.split(':');
  return name === undefined ? project : `${name}.${domain}`;
}
