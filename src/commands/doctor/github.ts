import { tryGit } from '../../git/gitCommand';
import type { Repository } from '../../types';
import { githubRepository } from '../localEvent';
import { bad, good, unknown, type Check, type Finding } from './check';

/** GitHub as a trigger and a workflow need it. `token` may be empty. */
export function githubChecks(token: string, cwd: string, env: NodeJS.ProcessEnv): readonly Check[] {
  const repository = tryGit(cwd, ['remote', 'get-url', 'origin']).then(
    ({ exitCode, stdout }) => (exitCode === 0 ? githubRepository(stdout.toString('utf8').trim(), env) : undefined),
    () => undefined,
  );
  return [
    { name: 'GitHub token', needed: false, look: async (signal) => tokenOf(await repository, token, signal) },
    {
      name: 'Secrets of the workflow',
      needed: false,
      look: async (signal) => secrets(await repository, token, signal),
    },
  ];
}

const noRepository = unknown(
  'origin is not a repository on GitHub',
  'git remote set-url origin https://github.com/OWNER/FORK',
);

async function tokenOf(repository: Repository | undefined, token: string, signal: AbortSignal): Promise<Finding> {
  if (token === '') return unknown('none is given', 'export GITHUB_TOKEN=$(gh auth token)');
  if (repository === undefined) return noRepository;
  const answer = await ask(repository, '', token, signal);
  const name = `${repository.owner}/${repository.name}`;
  if (answer.status === 401)
    return bad('GitHub does not accept it', 'gh auth login', 'export GITHUB_TOKEN=$(gh auth token)');
  if (answer.status !== 200)
    return bad(
      `it does not see ${name} (${answer.status})`,
      'It needs the scope repo, or contents: read for this repository',
    );
  // Only classic tokens say what they may: https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
  const scopes = (answer.scopes ?? '')
    .split(',')
    .map((scope) => scope.trim())
    .filter((scope) => /^[\w:]{1,40}$/.test(scope));
  return good(`sees ${name}${scopes.length === 0 ? '' : `; scopes ${scopes.join(', ')}`}`);
}

async function secrets(repository: Repository | undefined, token: string, signal: AbortSignal): Promise<Finding> {
  if (repository === undefined) return noRepository;
  if (token === '') return unknown('without a token they can’t be listed');
  const lists = await Promise.all(
    ['secrets', 'organization-secrets', 'variables', 'organization-variables'].map((kind) =>
      ask(repository, `/actions/${kind}?per_page=100`, token, signal),
    ),
  );
  // Names only: GitHub gives no values.
  const names = new Set(lists.flatMap(({ body }) => namesIn(body)));
  if (lists[0]?.status !== 200)
    return unknown('this token may not list them', `gh secret list --repo ${repository.owner}/${repository.name}`);
  const fork = `${repository.owner}/${repository.name}`;
  const needs: readonly (readonly [boolean, string, string])[] = [
    [
      names.has('GCP_ARTIFACT_REGISTRY_PATH'),
      'where images go',
      `gh variable set GCP_ARTIFACT_REGISTRY_PATH --repo ${fork} --body LOCATION-docker.pkg.dev/PROJECT/REPOSITORY`,
    ],
    [
      names.has('GCP_SA_KEY') || names.has('GCP_WORKLOAD_IDENTITY_PROVIDER'),
      'who may push',
      `gh secret set GCP_SA_KEY --repo ${fork} < key.json (or workload identity: kfp-images setup-gcp --print)`,
    ],
  ];
  const missing = needs.filter(([isThere]) => !isThere);
  if (missing.length === 0) return good('all there');
  return bad(`missing: ${missing.map(([, what]) => what).join(', ')}`, ...missing.map(([, , fix]) => fix));
}

async function ask(
  { apiUrl, owner, name }: Repository,
  path: string,
  token: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly scopes: string | null; readonly body: unknown }> {
  const response = await fetch(`${apiUrl}/repos/${owner}/${name}${path}`, {
    signal,
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'user-agent': 'kfp-images' },
  });
  const text = await response.text();
  return { status: response.status, scopes: response.headers.get('x-oauth-scopes'), body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function namesIn(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null) return [];
  const lists = [Reflect.get(body, 'secrets'), Reflect.get(body, 'variables')].filter((list) => Array.isArray(list));
  return lists.flat().flatMap((entry: unknown) => {
    const name: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'name') : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}
