import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selfSignedCertificate } from './certificate';
import { serve, type Received, type Reply } from './httpServer';

/** How a token server is to behave. */
export interface TokenServerOptions {
  /** A folder for the certificate that the registry checks tokens with. */
  readonly folder: string;
  readonly username: string;
  /** Or a function that says whether it is one, where passwords change. */
  readonly password: string | ((password: string) => boolean);
  /** Lifetime of a token: at least so long, and less than a second more. */
  readonly seconds?: number;
  /** Also say it in `expires_in`; false: let the registry find out, as after a clock's jump. */
  readonly tellsLifetime?: boolean;
}

/**
 * A token server for a real Distribution registry: gives JWTs (ES256) for what was asked, to who has the password, by
 * https://distribution.github.io/distribution/spec/auth/token/ and, for identity tokens, …/spec/auth/oauth/ . The
 * identity token is the password.
 */
export interface TokenServer {
  /** For `startRegistry({ auth: { token } })`. */
  readonly token: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    readonly rootCertBundlePath: string;
  };
  readonly requests: readonly Received[];
  /** Tokens given so far. */
  readonly issued: readonly string[];
  close(): Promise<void>;
}

const service = 'kfp-images-test';
const issuer = 'kfp-images-test-issuer';

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rootCertBundlePath = join(options.folder, 'token-server.pem');
  const certificate = selfSignedCertificate(privateKey, publicKey, issuer);
  await writeFile(rootCertBundlePath, certificate);
  const chain = certificate
    .split('\n')
    .filter((line) => !line.startsWith('-----'))
    .join('');
  const issued: string[] = [];
  const seconds = options.seconds ?? 60;
  const server = await serve((request) => {
    const query = new URLSearchParams(request.method === 'POST' ? request.body.toString() : request.path.split('?')[1]);
    if (!knows(options, request, query)) {
      return reply(401, { errors: [{ code: 'UNAUTHORIZED', message: 'authentication failed' }] });
    }
    const scopes = query.getAll('scope').flatMap((scope) => scope.split(' '));
    const token = jwt(privateKey, chain, options.username, scopes, seconds);
    issued.push(token);
    const lifetime = options.tellsLifetime === false ? {} : { expires_in: seconds };
    return reply(200, { token, access_token: token, ...lifetime });
  });
  return {
    token: { realm: `http://${server.host}/token`, service, issuer, rootCertBundlePath },
    requests: server.requests,
    issued,
    close: () => server.close(),
  };
}

function knows({ username, password }: TokenServerOptions, request: Received, query: URLSearchParams): boolean {
  const isIt = (given: string): boolean => (typeof password === 'string' ? given === password : password(given));
  if (request.method === 'POST') {
    return query.get('grant_type') === 'refresh_token' && isIt(query.get('refresh_token') ?? '');
  }
  const basic = /^Basic (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const login = Buffer.from(basic, 'base64').toString();
  return login.startsWith(`${username}:`) && isIt(login.slice(username.length + 1));
}

function reply(status: number, body: object): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/**
 * https://distribution.github.io/distribution/spec/auth/jwt/ . It names its key by the certificate itself: Distribution 2.8 and 3 make different ids
 * of a key.
 */
function jwt(key: KeyObject, chain: string, subject: string, scopes: readonly string[], seconds: number): string {
  // The registry has a clock of its own, also where a test moves that of this process.
  const now = Math.ceil((performance.timeOrigin + performance.now()) / 1000);
  const claims = {
    iss: issuer,
    sub: subject,
    aud: service,
    // Distribution takes a token for another minute, for clocks that differ: `leeway` in registry/auth/token/token.go of distribution/distribution.
    exp: now + seconds - 60,
    nbf: now - 3600,
    iat: now - 3600,
    jti: randomUUID(),
    access: scopes.map((scope) => {
      const [type, name, actions = ''] = scope.split(':');
      return { type, name, actions: actions.split(',') };
    }),
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ typ: 'JWT', alg: 'ES256', x5c: [chain] })}.${part(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
