import type { Log } from '../../types';
import { exchange, type Outgoing } from '../../oci/exchange';
import { failed, refused, type Task } from '../../oci/failure';
import { defaultLimits, type Limits } from '../../oci/limits';
import { withRetries } from '../../oci/retry';

type Json = Readonly<Record<string, unknown>>;

/** Calls to Google's (and GitHub's) token services: bounded, repeated where it may help, secrets masked before use. */
export interface GoogleCaller {
  /** Gives the text. `doing` is for the error. */
  get(doing: string, url: URL, headers: Readonly<Record<string, string>>): Promise<string>;
  /** Posts a form, or JSON with a bearer token. Never follows a redirect to another origin. */
  post(
    doing: string,
    url: URL,
    body: { form: Readonly<Record<string, string>> } | { json: Json; token: string },
  ): Promise<Json>;
  /** A JSON object from an answer of `url`; RegistryError when it is not one. */
  parse(text: string, url: URL): Json;
  /** A field that holds a secret, which is masked; RegistryError when it is not there. */
  secretField(json: Json, field: string, url: URL): string;
  /** Masks a secret and gives it back. */
  secret(text: string): string;
}

/** `account` is for error texts: getting an access token for whom. */
export function googleCaller(
  account: string,
  ports: {
    readonly log: Log;
    readonly signal?: AbortSignal | undefined;
    readonly onSecret: (secret: string) => void;
    readonly limits?: Partial<Limits>;
  },
): GoogleCaller {
  const limits = { ...defaultLimits, ...ports.limits };
  const secrets = new Set<string>();
  const taskOf = (doing: string, url: URL): Task => ({
    action: `getting an access token for ${account} (${doing})`,
    host: url.host,
    repository: '',
  });
  const secret = (text: string): string => {
    secrets.add(text);
    ports.onSecret(text);
    return text;
  };
  const send = (doing: string, request: Omit<Outgoing, 'maxBytes'>): Promise<string> => {
    const task = taskOf(doing, request.url);
    return withRetries({ limits, log: ports.log, signal: ports.signal }, async () => {
      const answer = await exchange(task, { ...request, maxBytes: limits.tokenBytes }, limits, ports.signal);
      if (answer.status < 200 || answer.status > 299) throw refused(task, answer, secrets);
      return Buffer.from(answer.body).toString('utf8');
    });
  };
  const parse = (text: string, url: URL): Json => {
    try {
      const json: unknown = JSON.parse(text);
      if (typeof json === 'object' && json !== null) return { ...json };
    } catch {
      // Said below, without the text.
    }
    throw failed(taskOf('reading the answer', url), `${url.host} answered with something that is not JSON`);
  };
  return {
    get: (doing, url, headers) => {
      const entries = Object.entries(headers);
      const authorization = entries.find(([name]) => isAuthorization(name))?.[1];
      if (authorization !== undefined) secret(authorization.replace(/^bearer /i, ''));
      const others = Object.fromEntries(entries.filter(([name]) => !isAuthorization(name)));
      return send(doing, { method: 'GET', url, headers: others, authorization });
    },
    post: async (doing, url, body) => {
      const isForm = 'form' in body;
      const text = isForm ? new URLSearchParams(body.form).toString() : JSON.stringify(body.json);
      const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
      const request = { method: 'POST', url, headers: { 'content-type': type }, body: Buffer.from(text) } as const;
      const authorization = isForm ? undefined : `Bearer ${body.token}`;
      return parse(await send(doing, { ...request, authorization, sealed: true }), url);
    },
    parse,
    secretField: (json, field, url) => {
      const value = Object.hasOwn(json, field) ? json[field] : undefined;
      if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return secret(value);
      throw failed(taskOf('reading the answer', url), `${url.host} answered without a usable ${field}`);
    },
    secret,
  };
}

function isAuthorization(header: string): boolean {
  return header.toLowerCase() === 'authorization';
}
