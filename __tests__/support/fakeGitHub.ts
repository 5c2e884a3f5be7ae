import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GitHub } from '@actions/github/lib/utils';
import type { Repository } from '../../src/types';

/*
 * A FAKE of GitHub's REST API: a real HTTP server on a loopback port that answers as GitHub does for one repository, made of a handful of
 * commits. The shapes of its answers are checked by the compiler against GitHub's own OpenAPI description
 * (https://github.com/github/rest-api-description, as octokit's types).
 */

type Api = InstanceType<typeof GitHub>['rest'];
type GitCommit = Awaited<ReturnType<Api['git']['getCommit']>>['data'];
type Comparison = Awaited<ReturnType<Api['repos']['compareCommitsWithBasehead']>>['data'];

/** One commit of the fake repository. */
export interface FakeCommit {
  /** 40 hex digits. */
  readonly sha: string;
  readonly message: string;
  readonly parents?: readonly string[];
}

/** An answer with a status, headers and a body (JSON unless it is text); or none: `hang` keeps the connection open, `reset` breaks it. */
export type FakeAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | 'hang'
  | 'reset';

/** A request that the fake got. `query` and `path` are decoded; `authorization` is as it was sent. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** What the fake repository is made of. */
export interface FakeModel {
  readonly owner?: string;
  readonly name?: string;
  readonly commits: readonly FakeCommit[];
  /** When set, the repository is private: others than this token see nothing. */
  readonly token?: string;
  /** Further endpoints; undefined: not one of these. `path` comes without `/repos/OWNER/NAME`. */
  readonly routes?: (request: FakeRequest) => FakeAnswer | undefined;
}

/** A running fake. */
export interface FakeGitHub extends AsyncDisposable {
  readonly repository: Repository;
  readonly requests: readonly FakeRequest[];
  /** The next requests get these answers instead, one each. */
  answerNext(...answers: readonly FakeAnswer[]): void;
  close(): Promise<void>;
}

/** Starts the fake on a free loopback port. */
export async function startFakeGitHub(model: FakeModel): Promise<FakeGitHub> {
  const requests: FakeRequest[] = [];
  const planned: FakeAnswer[] = [];
  const owner = model.owner ?? 'prokube';
  const name = model.name ?? 'pipelines';
  const server = createServer((incoming, outgoing) => {
    void read(incoming).then((request) => {
      requests.push(request);
      give(planned.shift() ?? answer(model, `/repos/${owner}/${name}`, request), incoming, outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return {
    repository: { owner, name, serverUrl: url, apiUrl: url },
    requests,
    answerNext: (...answers) => void planned.push(...answers),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function read(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? '/', 'http://fake');
  return {
    method: incoming.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: Object.fromEntries(url.searchParams),
    authorization: incoming.headers.authorization,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function give(answer: FakeAnswer, incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    incoming.socket.destroy();
    return;
  }
  const text = typeof answer.body === 'string';
  outgoing.writeHead(answer.status, {
    'content-type': text ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    ...answer.headers,
  });
  outgoing.end(text ? answer.body : JSON.stringify(answer.body ?? {}));
}

const refusal = (status: number, message: string): FakeAnswer => ({
  status,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
});

function answer(model: FakeModel, prefix: string, request: FakeRequest): FakeAnswer {
  const { authorization } = request;
  if (model.token !== undefined && authorization !== undefined && authorization !== `token ${model.token}`) {
    return refusal(401, 'Bad credentials');
  }
  if (model.token !== undefined && authorization === undefined) return refusal(404, 'Not Found');
  if (!request.path.startsWith(`${prefix}/`)) return refusal(404, 'Not Found');
  const local = { ...request, path: request.path.slice(prefix.length) };
  const own = model.routes?.(local);
  if (own !== undefined) return own;
  const [, sha] = /^\/git\/commits\/([0-9a-f]{40})$/.exec(local.path) ?? [];
  if (sha !== undefined) return commitAnswer(model, sha);
  const [, base, head] = /^\/compare\/([0-9a-f]{40})\.\.\.([0-9a-f]{40})$/.exec(local.path) ?? [];
  return base === undefined || head === undefined ? refusal(404, 'Not Found') : comparisonAnswer(model, base, head);
}

const person = { name: 'Ada', email: 'ada@example.org', date: '2026-01-01T00:00:00Z' };

function commitAnswer(model: FakeModel, sha: string): FakeAnswer {
  const commit = model.commits.find((each) => each.sha === sha);
  if (commit === undefined) return refusal(404, 'Not Found');
  const body: GitCommit = {
    sha,
    node_id: 'C_fake',
    url: `https://api.github.com/git/commits/${sha}`,
    html_url: `https://github.com/commit/${sha}`,
    author: person,
    committer: person,
    message: commit.message,
    tree: { sha, url: `https://api.github.com/git/trees/${sha}` },
    parents: (commit.parents ?? []).map((parent) => ({ sha: parent, url: '', html_url: '' })),
    verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
  };
  return { status: 200, body };
}

function comparisonAnswer(model: FakeModel, base: string, head: string): FakeAnswer {
  const ofBase = ancestors(model, base);
  const ofHead = ancestors(model, head);
  const shared = [...ofHead].filter((sha) => ofBase.has(sha));
  // GitHub has no comparison for commits it does not know, nor for histories that share nothing.
  if (shared.length === 0) return refusal(404, 'Not Found');
  const ahead = [...ofHead].filter((sha) => !ofBase.has(sha)).length;
  const behind = [...ofBase].filter((sha) => !ofHead.has(sha)).length;
  const body: Pick<Comparison, 'status' | 'ahead_by' | 'behind_by' | 'total_commits' | 'commits'> = {
    status: ahead === 0 ? (behind === 0 ? 'identical' : 'behind') : behind === 0 ? 'ahead' : 'diverged',
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
    commits: [],
  };
  return { status: 200, body };
}

function ancestors(model: FakeModel, sha: string): ReadonlySet<string> {
  const known = new Map(model.commits.map((commit) => [commit.sha, commit.parents ?? []]));
  const found = new Set<string>();
  const open = known.has(sha) ? [sha] : [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (!known.has(next) || found.has(next)) continue;
    found.add(next);
    open.push(...(known.get(next) ?? []));
  }
  return found;
}
