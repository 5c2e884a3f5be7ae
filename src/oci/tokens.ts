import { basicAuth, identityTokenUser, type Login } from './login';
import { field, parseJson } from '../system/json';
import { speaksHttp, type RegistryHosts } from './hosts';
import type { Outgoing } from './exchange';
import type { Answer } from './wire';
import { failed, loginFix, refusal, refused, Transient, type Task } from './failure';
import type { Scope } from './scopes';
import { isSafeUrl } from './target';

/** Where tokens for a registry are had, from its Bearer challenge. */
export interface Realm {
  readonly url: URL;
  readonly service: string | undefined;
}

/** A bearer token. Times are milliseconds since the epoch. */
export interface Token {
  readonly value: string;
  readonly expiresAt: number;
  /** From here on a new one is fetched instead. */
  readonly renewAt: number;
}

/** What the cache needs of the client. */
interface TokenPorts {
  send(task: Task, request: Outgoing): Promise<Answer>;
  login(host: string): Promise<Login | undefined>;
  /** Called with every secret before it is used. */
  remember(secret: string): void;
  readonly secrets: Iterable<string>;
  readonly maxBytes: number;
}

/** The specification's lifetime for a token that names none: https://distribution.github.io/distribution/spec/auth/token/ */
const defaultSeconds = 60;

/**
 * The realm of a Bearer challenge; undefined when the login may not be sent there. As Docker does, any https server may
 * be named: the registry that names it gets the login by Basic all the same, and Docker Hub and GitLab do use another
 * host. Never plain http, except between hosts that speak it.
 */
export function readRealm(
  host: string,
  parameters: ReadonlyMap<string, string>,
  hosts: RegistryHosts,
): Realm | undefined {
  const text = parameters.get('realm') ?? '';
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const allowed = isSafeUrl(url, hosts) && (url.protocol === 'https:' || speaksHttp(hosts, host));
  return allowed && url.username === '' && url.password === ''
    ? { url, service: parameters.get('service') }
    : undefined;
}

/** Tokens by realm, service and scope; each is fetched once, however many ask for it at the same time. */
export class Tokens {
  private readonly known = new Map<string, Promise<Token>>();
  private readonly ports: TokenPorts;

  constructor(ports: TokenPorts) {
    this.ports = ports;
  }

  /** A token that will be good for a while; another than `refusedToken` in any case. */
  async get(host: string, realm: Realm, scopes: readonly Scope[], refusedToken?: string): Promise<Token> {
    const key = JSON.stringify([host, realm.url.href, realm.service, scopes]);
    const pending = this.known.get(key);
    if (pending !== undefined) {
      const token = await pending;
      if (token.value !== refusedToken && Date.now() < token.renewAt) return token;
      if (this.known.get(key) !== pending) return this.get(host, realm, scopes, refusedToken);
    }
    const fetched = this.fetch(host, realm, scopes);
    this.known.set(key, fetched);
    fetched.catch(() => {
      if (this.known.get(key) === fetched) this.known.delete(key);
    });
    return fetched;
  }

  private async fetch(host: string, realm: Realm, scopes: readonly Scope[]): Promise<Token> {
    const { ports } = this;
    const login = await ports.login(host);
    const who = login === undefined ? 'without a login' : `as ${login.username}`;
    const task: Task = { action: `getting a token for ${host} ${who}`, host, repository: '', fix: loginFix(host) };
    const askedAt = Date.now();
    const answer = await ports.send(task, this.request(realm, scopes, login));
    // A token server that is being replaced answers 404 for a moment (docker/setup-buildx-action#155).
    if (answer.status === 404) throw new Transient(refusal(task, answer, ports.secrets), { attempts: 3 });
    if (answer.status < 200 || answer.status > 299) throw refused(task, answer, ports.secrets);
    const token = readToken(answer.body, askedAt);
    if (token === undefined) throw failed(task, `${realm.url.host} answered with something that is not a token`);
    ports.remember(token.value);
    return token;
  }

  private request(realm: Realm, scopes: readonly Scope[], login: Login | undefined): Outgoing {
    const query = new URLSearchParams();
    if (realm.service !== undefined) query.set('service', realm.service);
    const { maxBytes } = this.ports;
    if (login?.username === identityTokenUser) {
      // https://distribution.github.io/distribution/spec/auth/oauth/
      query.set('grant_type', 'refresh_token');
      query.set('client_id', 'kfp-images');
      query.set('scope', scopes.join(' '));
      query.set('refresh_token', login.password);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const body = Buffer.from(query.toString());
      return { method: 'POST', url: realm.url, headers, body, sealed: true, maxBytes };
    }
    for (const scope of scopes) query.append('scope', scope);
    const url = new URL(realm.url);
    url.search = [url.search.slice(1), query.toString()].filter((part) => part !== '').join('&');
    if (login === undefined) return { method: 'GET', url, maxBytes };
    const auth = basicAuth(login);
    this.ports.remember(auth);
    return { method: 'GET', url, authorization: `Basic ${auth}`, maxBytes };
  }
}

/** `token` or `access_token`, of characters that may be in a header; lifetime counted from when it was asked for, by our clock. */
function readToken(body: Uint8Array, askedAt: number): Token | undefined {
  const json = parseJson(body);
  const value = [field(json, 'token'), field(json, 'access_token')].find(
    (text) => typeof text === 'string' && text !== '',
  );
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) return undefined;
  const named = Number(field(json, 'expires_in') ?? defaultSeconds);
  const lifetime = (Number.isFinite(named) && named > 0 ? named : defaultSeconds) * 1000;
  return { value, expiresAt: askedAt + lifetime, renewAt: askedAt + lifetime - Math.min(10_000, lifetime / 5) };
}
