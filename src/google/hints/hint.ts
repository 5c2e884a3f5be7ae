import { unknownFork } from './gcloud';

/** The kinds of failure. Each has a section of that name in docs/troubleshooting.md. */
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
  'storage-full',
  'too-many-requests',
  'upload-lost',
  'registry-unavailable',
  'login-refused',
  'plain-http',
  'unknown-authority',
] as const;

export type FailureKind = (typeof failureKinds)[number];

/** Why a registry said no, and what fixes it. The registry's own text is not in it: whoever shows a hint shows that first. */
export interface Hint {
  readonly kind: FailureKind;
  /** Sentences. */
  readonly cause: string;
  /** What to do: commands to paste, or sentences. In the order in which to try them. */
  readonly fix: readonly string[];
}

/** The page with a section for each kind of failure, as a path in this repository. */
export const troubleshootingPage = 'docs/troubleshooting.md';

/**
 * Where the section about a kind of failure can be read: on the server that the Action came from, where that is known by the environment
 * or by the folder that the runner put it into (`_actions/OWNER/NAME/REF`); else in the installed package, whose bundle is in `folder`;
 * else the path in this repository.
 */
export function troubleshootingLink(kind: FailureKind, env: NodeJS.ProcessEnv, folder = __dirname): string {
  const page = `${troubleshootingPage}#${kind}`;
  // https://docs.github.com/actions/reference/workflows-and-actions/variables#default-environment-variables
  const server = env['GITHUB_SERVER_URL'] ?? '';
  const [, byFolder, refByFolder] =
    /[\\/]_actions[\\/]([\w.-]+[\\/][\w.-]+)[\\/]([\w.-]+)[\\/]dist[\\/]/.exec(folder) ?? [];
  const given: readonly (readonly [string, string])[] = [
    [env['GITHUB_ACTION_REPOSITORY'] ?? '', env['GITHUB_ACTION_REF'] ?? ''],
    [byFolder?.replace('\\', '/') ?? '', refByFolder ?? ''],
  ];
  const known = given.find(([repository, ref]) => /^[\w.-]+\/[\w.-]+$/.test(repository) && /^[\w./-]+$/.test(ref));
  if (known !== undefined && /^https:\/\/[A-Za-z0-9.:-]+$/.test(server))
    return `${server}/${known[0]}/blob/${known[1]}/${page}`;
  // A folder of a runner is gone when its log is read.
  const isRunner = env['GITHUB_ACTIONS'] === 'true';
  const [, installed] = (isRunner ? null : /^(.*)[\\/]dist[\\/]bundle$/.exec(folder)) ?? [];
  return installed === undefined ? page : `${installed}/${page}`;
}

/** A hint as lines for people: cause, what fixes it, where to read on. */
export function hintLines(hint: Hint, env: NodeJS.ProcessEnv = {}): readonly string[] {
  const fork = env['GITHUB_REPOSITORY'] ?? '';
  const known = /^[\w.-]+\/[\w.-]+$/.test(fork) ? fork : unknownFork;
  const fix = hint.fix.map((each) => `  ${each.replace(unknownFork, known)}`);
  return [hint.cause, ...fix, `More: ${troubleshootingLink(hint.kind, env)}`];
}
