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

/** What belongs together of the set-up. */
interface SetupStep {
  readonly what: string;
  /** Each in one line, for one shell: later ones use variables that earlier ones set. */
  readonly commands: readonly string[];
}

/** E-mail address of the account that pushes. */
export function writerOf({ account, project }: Setup): string {
  return `${account}@${emailDomain(project)}.iam.gserviceaccount.com`;
}

/**
 * The commands of docs/google-cloud.md, filled in: repository, account with the one role on it, and GitHub as that account. Each can be
 * run again (what is there already is refused and left). https://cloud.google.com/sdk/gcloud/reference
 */
export function setupSteps(setup: Setup): readonly SetupStep[] {
  const { project, location, repository, fork, account } = setup;
  const writer = writerOf(setup);
  return [
    {
      what: 'The repository',
      commands: [
        `gcloud services enable artifactregistry.googleapis.com iamcredentials.googleapis.com sts.googleapis.com --project=${project}`,
        `gcloud artifacts repositories create ${repository} --project=${project} --location=${location} --repository-format=docker`,
      ],
    },
    {
      what: 'The account, with the right to push to this repository and to nothing else',
      commands: [
        `gcloud iam service-accounts create ${account} --project=${project} --display-name="Pushes images of ${fork}"`,
        `gcloud artifacts repositories add-iam-policy-binding ${repository} --project=${project} --location=${location} --member=serviceAccount:${writer} --role=roles/artifactregistry.writer`,
      ],
    },
    setup.key ? byKey(setup, writer) : byIdentity(setup, writer),
    {
      what: 'Where images go',
      commands: [`gh variable set GCP_ARTIFACT_REGISTRY_PATH --repo=${fork} --body=${setup.registryPath}`],
    },
    {
      what: 'Look whether it works (a new role takes some minutes)',
      commands: [`kfp-images doctor --registry-path=${setup.registryPath}`],
    },
  ];
}

/** The steps as a shell script, with a line about each. */
export function setupScript(setup: Setup): string {
  const head = `# ${setup.fork} pushes to ${setup.registryPath}. Read, then run; needs gcloud (as an owner of the project) and gh.`;
  const steps = setupSteps(setup).map(({ what, commands }) => [`# ${what}`, ...commands.map(folded)].join('\n'));
  return `${[head, ...steps].join('\n\n')}\n`;
}

/** GitHub proves which repository a job belongs to: https://github.com/google-github-actions/auth#workload-identity-federation-through-a-service-account */
function byIdentity({ project, fork }: Setup, writer: string): SetupStep {
  return {
    what: 'GitHub as that account, without a key: only jobs of this one repository',
    commands: [
      `gcloud iam workload-identity-pools create github --project=${project} --location=global --display-name=GitHub`,
      `gcloud iam workload-identity-pools providers create-oidc pipelines --project=${project} --location=global --workload-identity-pool=github --issuer-uri=https://token.actions.githubusercontent.com --attribute-mapping="google.subject=assertion.sub,attribute.repository=assertion.repository" --attribute-condition="assertion.repository == '${fork}'"`,
      `POOL=projects/$(gcloud projects describe ${project} --format="value(projectNumber)")/locations/global/workloadIdentityPools/github`,
      `gcloud iam service-accounts add-iam-policy-binding ${writer} --project=${project} --role=roles/iam.workloadIdentityUser --member="principalSet://iam.googleapis.com/$POOL/attribute.repository/${fork}"`,
      `gh variable set GCP_WORKLOAD_IDENTITY_PROVIDER --repo=${fork} --body="$POOL/providers/pipelines"`,
      `gh variable set GCP_SERVICE_ACCOUNT --repo=${fork} --body=${writer}`,
    ],
  };
}

function byKey({ project, fork }: Setup, writer: string): SetupStep {
  return {
    what: 'GitHub as that account, by a key: it works until it is deleted, wherever it is used',
    commands: [
      `(umask 077 && gcloud iam service-accounts keys create key.json --project=${project} --iam-account=${writer})`,
      `gh secret set GCP_SA_KEY --repo=${fork} < key.json`,
      'rm key.json',
    ],
  };
}

/** A long command over several lines, broken before flags. None of these commands has a flag within quotes, where a backslash is another thing. */
function folded(command: string): string {
  const lines: string[] = [];
  for (const part of command.split(/ (?=--)/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + part.length > 130) lines.push(part);
    else lines[lines.length - 1] = `${last} ${part}`;
  }
  return lines.join(' \\\n  ');
}

/** Accounts of a domain's project: `example.com:p` gives `p.example.com`. https://cloud.google.com/iam/docs/service-account-overview */
function emailDomain(project: string): string {
  const [domain = '', name] = project.split(':');
  return name === undefined ? project : `${name}.${domain}`;
}
