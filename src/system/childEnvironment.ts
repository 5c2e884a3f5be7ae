/** What a child of ours may be given of the environment, see `childEnvironment`. */
interface ChildNeeds {
  /** Added. */
  readonly env?: Readonly<Record<string, string>>;
  /** Taken away. */
  readonly unset?: readonly string[];
  /** Of those that are withheld otherwise: what this child can't do its work without. */
  readonly needs?: readonly string[];
}

/**
 * Variables with secrets of the step or of the terminal that we are called in: the Action's inputs and state, GitHub's tokens, the runner's
 * own ones, and the keys as the command line takes them.
 * https://docs.github.com/actions/reference/workflows-and-actions/variables
 */
const withheld =
  /^(?:INPUT_|STATE_|ACTIONS_)|^(?:GITHUB_TOKEN|GH_TOKEN|GCP_SA_KEY|COSIGN_PRIVATE_KEY|COSIGN_PASSWORD|SIGSTORE_ID_TOKEN)$/i;

/** Does the variable hold a secret, an input or the state of the step? */
export function isWithheld(name: string): boolean {
  return withheld.test(name);
}

/** What BuildKit's cache on GitHub is reached by: https://docs.docker.com/build/cache/backends/gha/#authentication */
export const githubCacheVariables: readonly string[] = [
  'ACTIONS_CACHE_SERVICE_V2',
  'ACTIONS_CACHE_URL',
  'ACTIONS_RESULTS_URL',
  'ACTIONS_RUNTIME_TOKEN',
];

/** The environment of a child: ours, without what no child needs to know. */
export function childEnvironment(child: ChildNeeds, own: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined || child.unset?.includes(name) === true) continue;
    if (!isWithheld(name) || child.needs?.includes(name) === true) given[name] = value;
  }
  return { ...given, ...child.env };
}
