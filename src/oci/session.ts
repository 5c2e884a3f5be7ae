import pLimit, { type LimitFunction } from 'p-limit';
import { basicAuth, maskable, type Login } from './login';
import { parseChallenges } from './challenge';
import { exchange, type Outgoing } from './exchange';
import type { Answer } from './wire';
import { failed, refusal, saidBy, Transient, type Task } from './failure';
import type { RegistryHosts } from './hosts';
import type { Limits } from './limits';
import { joinScopes, type Scope } from './scopes';
import type { Target } from './target';
import { readRealm, Tokens, type Realm } from './tokens';

/** One request to a registry, with the rights it needs. */
export interface Call {
  readonly task: Task;
  readonly target: Target;
  readonly scopes: readonly Scope[];
  readonly request: Omit<Outgoing, 'authorization'>;
}

/** How a registry wants to know who asks; learned from its first refusal. */
type Scheme = { readonly kind: 'basic' } | { readonly kind: 'bearer'; readonly realm: Realm };

interface Authorization {
  readonly header: string;
  readonly token?: { readonly value: string; readonly expiresAt: number };
}

/** What clients with the same logins learn of registries, and need to learn only once. */
export interface Learned {
  /** By origin. */
  readonly schemes: Map<string, Scheme>;
  /** By origin and rights: what a token is to be asked for. */
  readonly scopes: Map<string, readonly Scope[]>;
  /** By origin: ends when the first request is answered, one way or another. */
  readonly first: Map<string, Promise<undefined>>;
}

/** Nothing yet. */
export function nothingLearned(): Learned {
  return { schemes: new Map(), scopes: new Map(), first: new Map() };
}

interface SessionOptions {
  readonly learned: Learned;
  readonly limits: Limits;
  readonly hosts: RegistryHosts;
  readonly signal: AbortSignal | undefined;
  readonly login: (host: string) => Promise<Login | undefined>;
  readonly onSecret: (secret: string) => void;
}

/**
 * Sends requests with the login that their registry asks for, at most so many at once to one host.
 * A 401 is answered once, with a fresh token or login; the second one is the registry's last word.
 */
export class Session {
  readonly hosts: RegistryHosts;
  /** Every secret that was used, for keeping it out of texts. */
  readonly secrets = new Set<string>();
  private readonly options: SessionOptions;
  private readonly learned: Learned;
  private readonly slots = new Map<string, LimitFunction>();
  private readonly reached = new Set<string>();
  private readonly tokens: Tokens;

  constructor(options: SessionOptions) {
    this.options = options;
    this.learned = options.learned;
    this.hosts = options.hosts;
    this.tokens = new Tokens({
      // Slots of their own: a request holds one of its registry while it waits for its token.
      send: (task, request) => this.slot(`token ${request.url.origin}`, () => this.exchange(task, request)),
      login: (host) => this.login(host),
      remember: (secret) => this.remember(secret),
      secrets: this.secrets,
      maxBytes: options.limits.tokenBytes,
    });
  }

  /** One attempt. Any answer but 401 is given back; throws Transient or RegistryError. */
  async send(call: Call): Promise<Answer> {
    const { target, request, task } = call;
    // An upload may go on elsewhere (a storage service): what opens the registry is not for that one.
    if (request.url.origin !== target.origin) return this.exchange(task, request);
    return this.slot(target.origin, async () => {
      const learn = await this.turnToLearn(target.origin);
      try {
        const first = await this.authorization(call);
        const answer = await this.exchange(task, { ...request, authorization: first?.header });
        if (answer.status !== 401) return answer;
        // Only the registry itself may ask who we are, not whom it redirects to.
        if (answer.url.origin !== target.origin) throw refusal(task, answer, this.secrets);
        const met = this.meetChallenge(call, answer, first);
        // Which of the ways it is, is known from here on.
        learn();
        const second = await met;
        const last = await this.exchange(task, { ...request, authorization: second.header });
        if (last.status !== 401) return last;
        // A token of few seconds can end on its way: that decides nothing.
        const ended = second.token !== undefined && second.token.expiresAt <= Date.now();
        const failure = refusal(task, last, this.secrets);
        throw ended ? new Transient(failure) : failure;
      } finally {
        learn();
      }
    });
  }

  /** Lets one request find out how the registry wants to know who asks: those that come meanwhile would all be refused. Gives what ends its turn. */
  private async turnToLearn(origin: string): Promise<() => void> {
    const { first } = this.learned;
    const earlier = first.get(origin);
    if (earlier !== undefined) {
      await earlier;
      return () => undefined;
    }
    const { promise, resolve } = Promise.withResolvers<undefined>();
    first.set(origin, promise);
    // Who is slow to say so keeps nobody waiting for long.
    const timer = setTimeout(() => resolve(undefined), longestTurnMs);
    return () => {
      clearTimeout(timer);
      resolve(undefined);
    };
  }

  private async authorization(call: Call): Promise<Authorization | undefined> {
    const scheme = this.learned.schemes.get(call.target.origin);
    if (scheme === undefined) return undefined;
    if (scheme.kind === 'bearer') return this.bearer(call.target.host, scheme.realm, this.scopesOf(call));
    const login = await this.login(call.target.host);
    return login === undefined ? undefined : this.basic(login);
  }

  private async meetChallenge(call: Call, answer: Answer, used: Authorization | undefined): Promise<Authorization> {
    const { host, origin } = call.target;
    const challenges = parseChallenges(answer.headers.get('www-authenticate') ?? '');
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) {
      const realm = readRealm(host, bearer.parameters, this.options.hosts);
      if (realm === undefined) {
        throw failed(call.task, `${host} names a token server that a login can't be sent to (https is needed)`, denied);
      }
      this.learned.schemes.set(origin, { kind: 'bearer', realm });
      const scopes = joinScopes([...this.scopesOf(call), bearer.parameters.get('scope') ?? '']);
      this.learned.scopes.set(scopeKey(call), scopes);
      return this.bearer(host, realm, scopes, used?.token?.value);
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic')) {
      const asked = challenges.map(({ scheme }) => scheme).join(', ');
      const how =
        asked === '' ? 'without saying how to log in' : `and asks for a login by ${asked}, which is not known here`;
      throw failed(call.task, `${host} answered 401 ${how}${saidBy(answer, this.secrets)}`, denied);
    }
    this.learned.schemes.set(origin, { kind: 'basic' });
    const login = await this.login(host);
    if (login === undefined) {
      const fix = `Give credentials-json, or run "docker login ${host}" before`;
      throw failed(call.task, `${host} asks for a login (401), and there is none. ${fix}`, denied);
    }
    const next = this.basic(login);
    // The very same login would get the very same answer.
    if (next.header === used?.header) throw refusal(call.task, answer, this.secrets);
    return next;
  }

  private async bearer(
    host: string,
    realm: Realm,
    scopes: readonly Scope[],
    refusedToken?: string,
  ): Promise<Authorization> {
    const token = await this.tokens.get(host, realm, scopes, refusedToken);
    return { header: `Bearer ${token.value}`, token };
  }

  private basic(login: Login): Authorization {
    const auth = basicAuth(login);
    this.remember(auth);
    return { header: `Basic ${auth}` };
  }

  private async login(host: string): Promise<Login | undefined> {
    const login = await this.options.login(host);
    if (login !== undefined) this.remember(login.password);
    return login;
  }

  private remember(secret: string): void {
    if (this.secrets.has(secret)) return;
    this.secrets.add(secret);
    for (const piece of maskable(secret)) {
      this.secrets.add(piece);
      this.options.onSecret(piece);
    }
  }

  private scopesOf(call: Call): readonly Scope[] {
    return this.learned.scopes.get(scopeKey(call)) ?? joinScopes(call.scopes);
  }

  private slot<T>(key: string, work: () => Promise<T>): Promise<T> {
    const slot = this.slots.get(key) ?? pLimit(this.options.limits.concurrency);
    this.slots.set(key, slot);
    return slot(work);
  }

  private async exchange(task: Task, request: Outgoing): Promise<Answer> {
    const { limits, signal, hosts } = this.options;
    const { origin } = request.url;
    try {
      const answer = await exchange(task, request, limits, signal, hosts);
      this.reached.add(origin);
      return answer;
    } catch (error) {
      if (!(error instanceof Transient) || this.reached.has(origin)) throw error;
      throw new Transient(error.failure, { attempts: limits.attemptsUnreached });
    }
  }
}

const longestTurnMs = 1000;

const denied = { status: 401 };

const scopeKey = (call: Call): string => `${call.target.origin} ${call.scopes.join(' ')}`;
