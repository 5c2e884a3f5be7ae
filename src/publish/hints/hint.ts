/** The failures that are told apart. Each has a section of that name in docs/troubleshooting.md. */
export const failureKinds = [
  'api-disabled',
  'billing-disabled',
  'project-missing',
  'vpc-service-controls',
  'impersonation-denied',
  'tag-immutable',
  'key-unreadable',
  'key-refused',
  'credentials-file-missing',
  'token-expired',
  'not-logged-in',
  'upload-denied',
  'download-denied',
  'tag-denied',
  'delete-denied',
  'repository-missing',
  'repository-kind',
  'location-unknown',
  'image-name-missing',
  'too-many-requests',
  'upload-lost',
  'registry-unavailable',
  'login-refused',
] as const;

export type FailureKind = (typeof failureKinds)[number];

/** Why a registry said no, and what mends it. The registry's own text is not in it: whoever shows a hint shows that first. */
export interface Hint {
  readonly kind: FailureKind;
  /** Sentences. */
  readonly cause: string;
  /** What to do: commands to paste, or sentences. In the order in which to try them. */
  readonly mend: readonly string[];
}

/** The page with a section for each kind of failure, as a path in this repository. */
export const troubleshootingPage = 'docs/troubleshooting.md';

/** Address of the section about a kind of failure: on the server that the action came from where that is known, else the path in this repository. */
export function troubleshootingLink(kind: FailureKind, env: NodeJS.ProcessEnv = {}): string {
  const page = `${troubleshootingPage}#${kind}`;
  // https://docs.github.com/actions/reference/workflows-and-actions/variables#default-environment-variables
  const [server, repository, ref] = ['GITHUB_SERVER_URL', 'GITHUB_ACTION_REPOSITORY', 'GITHUB_ACTION_REF'].map(
    (variable) => env[variable] ?? '',
  );
  const isKnown =
    /^https:\/\/[A-Za-z0-9.:-]+$/.test(server ?? '') &&
    /^[\w.-]+\/[\w.-]+$/.test(repository ?? '') &&
    /^[\w./-]+$/.test(ref ?? '');
  return isKnown ? `${server ?? ''}/${repository ?? ''}/blob/${ref ?? ''}/${page}` : page;
}

/** A hint as lines for people: cause, what mends it, where to read on. */
export function hintLines(hint: Hint, env: NodeJS.ProcessEnv = {}): readonly string[] {
  const mend = hint.mend.map((each) => `  ${each}`);
  return [hint.cause, ...mend, `More: ${troubleshootingLink(hint.kind, env)}`];
}
