/**
 * Files in which tools keep logins, by name and content: never part of a build. `read` gives the file's text when it is looked at.
 * Gives what the file is; undefined: it is not one of these.
 */
export function credentialFile(path: string, size: number, read: () => string): string | undefined {
  const kind = kinds.find(({ name }) => name.test(path));
  if (kind === undefined || size > largest) return undefined;
  return kind.holds === undefined || kind.holds.test(read()) ? kind.what : undefined;
}

/** What google-github-actions/auth leaves in the workspace; it is left out without a word, as each job with it has one. */
export function isLeftByGoogleAuth(name: string): boolean {
  // https://github.com/google-github-actions/auth#prerequisites
  return /^gha-creds-.*\.json$/.test(name);
}

/** No login is larger. */
const largest = 65_536;

interface Kind {
  readonly name: RegExp;
  /** A file of that name may also hold no secret. */
  readonly holds?: RegExp;
  readonly what: string;
}

const kinds: readonly Kind[] = [
  // https://docs.docker.com/reference/cli/docker/login/#credential-stores
  {
    name: /(^|\/)(\.docker\/config\.json|\.dockerconfigjson|\.dockercfg)$/,
    holds: /"(?:auth|identitytoken|registrytoken|password)"\s*:\s*"[^"]/,
    what: 'a login of docker',
  },
  // https://docs.npmjs.com/cli/configuring-npm/npmrc: a variable is not a token.
  { name: /(^|\/)\.npmrc$/, holds: /_(?:authToken|auth|password)\s*=\s*"?(?!\$\{)[^\s"]/, what: 'a token of npm' },
  { name: /(^|\/)\.pypirc$/, holds: /^\s*password\s*[:=]\s*\S/m, what: 'a password of PyPI' },
  { name: /(^|\/)[._]netrc$/, holds: /\bpassword\s+\S/, what: 'a login (netrc)' },
  { name: /(^|\/)\.git-credentials$/, holds: /:\/\/[^/\s]*@/, what: 'a login of git' },
  { name: /(^|\/)\.aws\/credentials$/, holds: /aws_secret_access_key/i, what: 'a key of AWS' },
  {
    name: /(^|\/)(\.kube\/config|kubeconfig)$/,
    holds: /(?:client-key-data|token|password):\s*\S/,
    what: 'a login to a cluster',
  },
  { name: /(^|\/)\.ssh\/id_[^/.]+$/, what: 'a private key of ssh' },
  // https://google.aip.dev/auth/4112, https://google.aip.dev/auth/4113
  {
    name: /\.json$/,
    holds:
      /^\s*\{(?=[^]*"type"\s*:\s*"(?:service_account|authorized_user|external_account|impersonated_service_account)")(?=[^]*"(?:private_key|refresh_token|credential_source|source_credentials)"\s*:)/,
    what: 'a credential file of Google Cloud',
  },
];

/** Variables that name files with credentials: https://cloud.google.com/docs/authentication/application-default-credentials */
export const credentialVariables: readonly string[] = [
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_GHA_CREDS_PATH',
  'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE',
];
