import { randomBytes } from 'node:crypto';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestRegistry } from '../registry';
import { authenticate, basic, danglingTag, type Grant } from './registryLogin';
import { storedImages } from './storedImages';
import type { FakeWorld } from './world';

/*
 * A FAKE of Artifact Registry's Docker endpoint: its token service and its refusals, in front of the real Distribution registry, which
 * answers everything that is allowed. Words and statuses are those that
 * https://cloud.google.com/artifact-registry/docs/docker/troubleshoot and public reports show.
 */

/** What a request is answered with instead. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export interface RegistryFront {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Refuses the next requests that this fits, as often as there are refusals. */
  refuseNext(fits: (method: string, path: string) => boolean, ...refusals: readonly Refusal[]): void;
  /** Tokens for the registry itself, given out so far. */
  readonly issued: readonly string[];
  close(): Promise<void>;
}

export interface FrontOptions {
  readonly location?: string;
  /** Lifetime of the registry's own tokens. */
  readonly seconds?: number;
}

const host = '127.0.0.1';

/** Rights by method; all others upload. */
const rightFor: ReadonlyMap<string, string> = new Map([
  ['GET', 'repositories.downloadArtifacts'],
  ['HEAD', 'repositories.downloadArtifacts'],
  ['DELETE', 'versions.delete'],
]);

export async function startRegistryFront(
  world: FakeWorld,
  backend: TestRegistry,
  options: FrontOptions = {},
): Promise<RegistryFront> {
  const { location = 'europe-west3', seconds = 3600 } = options;
  const grants = new Map<string, Grant>();
  const planned: { readonly fits: (method: string, path: string) => boolean; readonly refusals: Refusal[] }[] = [];
  const stored = storedImages(backend);
  const own = (): string => `${host}:${(server.address() as AddressInfo).port}`;
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/' } = incoming;
    const path = url.split('?')[0] ?? '';
    const plan = planned.find(({ fits, refusals }) => refusals.length > 0 && fits(method, path));
    const refusal = plan?.refusals.shift();
    if (refusal !== undefined) {
      refuse(outgoing, refusal);
    } else if (path === '/v2/token' && method === 'POST') {
      // Not there, which sends clients to GET: noted of Google's in core/remotes/docker/authorizer.go of github.com/containerd/containerd.
      refuse(outgoing, { status: 404, code: 'NOT_FOUND', message: 'Not Found' });
    } else if (path === '/v2/token') {
      giveToken(incoming, outgoing, new URLSearchParams(url.split('?')[1]));
    } else {
      const why = judge(incoming, method, path);
      if (why === 'challenge') challenge(outgoing);
      else if (why !== undefined) refuse(outgoing, why);
      else void forward(incoming, outgoing, method, path);
    }
  });

  function giveToken(incoming: IncomingMessage, outgoing: ServerResponse, query: URLSearchParams): void {
    const login = basic(incoming);
    if (login === undefined) {
      // No token at all for who pushes without a login: BuildKit says "failed to fetch anonymous token".
      const [, project = '', repository = ''] = /^repository:([^/:]+)\/([^/:]+)/.exec(query.get('scope') ?? '') ?? [];
      const on = `"artifactregistry.repositories.uploadArtifacts" on resource "projects/${project}/locations/${location}/repositories/${repository}" (or it may not exist)`;
      refuse(outgoing, {
        status: 403,
        code: 'DENIED',
        message: `Unauthenticated request. Unauthenticated requests do not have permission ${on}`,
      });
      return;
    }
    const known = authenticate(world, login.username, login.password);
    if (typeof known === 'string') {
      refuse(outgoing, { status: 401, code: 'UNAUTHORIZED', message: known });
      return;
    }
    const token = randomBytes(24).toString('base64url');
    grants.set(token, { account: known.account, endsAt: Math.min(Date.now() + seconds * 1000, known.endsAt) });
    outgoing.writeHead(200, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify({ token, expires_in: seconds, scope: query.get('scope') ?? '' }));
  }

  function challenge(outgoing: ServerResponse): void {
    const realm = `Bearer realm="http://${own()}/v2/token",service="${own()}"`;
    refuse(
      outgoing,
      { status: 401, code: 'UNAUTHORIZED', message: 'authentication required' },
      { 'www-authenticate': realm },
    );
  }

  function judge(incoming: IncomingMessage, method: string, path: string): Refusal | 'challenge' | undefined {
    const grant = grants.get((incoming.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (grant === undefined || grant.endsAt <= Date.now()) return 'challenge';
    const parts = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(path)?.[1]?.split('/');
    if (parts === undefined) return undefined;
    const [project = '', repository = '', image] = parts;
    if (image === undefined)
      return {
        status: 400,
        code: 'NAME_INVALID',
        message: 'Missing image name. Pushes should be of the form docker push HOST-NAME/PROJECT-ID/REPOSITORY/IMAGE',
      };
    const right = `artifactregistry.${rightFor.get(method) ?? 'repositories.uploadArtifacts'}`;
    const on = `"${right}" denied on resource "projects/${project}/locations/${location}/repositories/${repository}" (or it may not exist)`;
    if (project !== world.project || !world.may(grant.account, right))
      return { status: 403, code: 'DENIED', message: `Permission ${on}` };
    if (!world.repositories.has(`${location}/${repository}`)) {
      return { status: 404, code: 'NAME_UNKNOWN', message: `Repository "${repository}" not found` };
    }
    return undefined;
  }

  async function forward(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    method: string,
    path: string,
  ): Promise<void> {
    const [, , , repository = ''] = path.split('/');
    const tag = /\/manifests\/([^/:]+)$/.exec(path)?.[1];
    const isFixed = world.repositories.get(`${location}/${repository}`)?.immutableTags === true;
    if (method === 'PUT' && tag !== undefined && isFixed && (await exists(path))) {
      incoming.resume();
      refuse(outgoing, {
        status: 400,
        code: 'MANIFEST_INVALID',
        message: `cannot update tag ${tag}. The repository has enabled tag immutability`,
      });
      return;
    }
    const [, name = '', digest = ''] = /^\/v2\/(.+)\/manifests\/(sha256:.+)$/.exec(path) ?? [];
    if (method === 'DELETE' && [...(await stored.tags(name)).values()].includes(digest)) {
      incoming.resume();
      refuse(outgoing, danglingTag);
      return;
    }
    const [, port] = backend.host.split(':');
    const headers = { ...incoming.headers, host: own(), authorization: backendLogin };
    const sent = ask({ host, port: Number(port), method, path: incoming.url ?? '/', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    sent.on('error', () => outgoing.destroy());
    incoming.pipe(sent);
  }

  const backendLogin = `Basic ${Buffer.from(`${backend.username}:${backend.password}`).toString('base64')}`;
  const exists = async (path: string): Promise<boolean> => {
    const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
    const { status } = await fetch(`${backend.url}${path}`, {
      method: 'HEAD',
      headers: { authorization: backendLogin, accept },
    });
    return status === 200;
  };
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    host: own(),
    refuseNext: (fits, ...refusals) => void planned.push({ fits, refusals: [...refusals] }),
    get issued() {
      return [...grants.keys()];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(
  outgoing: ServerResponse,
  { status, code, message }: Refusal,
  headers: Readonly<Record<string, string>> = {},
): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
  outgoing.end(JSON.stringify({ errors: [{ code, message }] }));
}
