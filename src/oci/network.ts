import { RegistryError } from '../errors';
import { failed, Transient, type Task } from './failure';
import { printable } from './text';

/** Failures of TLS that no repetition fixes, by OpenSSL's and Node's codes: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const certificate = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT)/;
const notTls = /^(EPROTO|ERR_SSL_)/;

const explained: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'has no address: check the name'],
  ['EAI_AGAIN', 'could not be looked up'],
  ['ECONNREFUSED', 'refuses the connection'],
  ['ECONNRESET', 'cut the connection'],
  ['UND_ERR_SOCKET', 'cut the connection'],
  ['EPIPE', 'cut the connection'],
  ['ETIMEDOUT', 'could not be reached in time'],
  ['UND_ERR_CONNECT_TIMEOUT', 'could not be reached in time'],
  ['EHOSTUNREACH', 'can’t be reached from here'],
  ['ENETUNREACH', 'can’t be reached from here'],
]);

/**
 * What an exception of fetch means. Gives Transient for everything that may heal, RegistryError for certificates and
 * a server that speaks no TLS, and hands on what is a RegistryError already.
 */
export function networkFailure(task: Task, url: URL, error: unknown): Error {
  if (error instanceof RegistryError || error instanceof Transient) return error;
  const { code, text } = rootCause(error);
  if (certificate.test(code)) {
    const fix = `If it is signed by an authority of your own, give its file with registry-hosts: ${url.host}=ca:FILE, or in NODE_EXTRA_CA_CERTS`;
    return failed(task, `the certificate of ${url.host} is not trusted (${text}). ${fix}`, { cause: error });
  }
  if (notTls.test(code))
    return failed(
      task,
      `${url.host} does not speak https (${code}). If it is meant to speak http, say so with registry-hosts: ${url.host}=plain-http`,
      { cause: error },
    );
  return new Transient(
    failed(task, `${url.host} ${explained.get(code) ?? `can’t be talked to (${text})`}`, { cause: error }),
  );
}

/** Nobody is there: no address, no way, nothing that listens. What is slow, or cuts off what it began, is there. */
const away = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Did a call fail because there is nobody at that host, as without a network? */
export function isAway(error: unknown): boolean {
  return error instanceof RegistryError && error.status === undefined && away.has(rootCause(error).code);
}

/** fetch wraps what the socket said, and a host of several addresses wraps it once more. */
function rootCause(error: unknown): { readonly code: string; readonly text: string } {
  let at = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    const code: unknown = 'code' in at ? at.code : undefined;
    if (typeof code === 'string' && at.cause === undefined) return { code, text: printable(at.message || code) };
    const inner: unknown = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined);
    if (inner === undefined) return { code: '', text: printable(at.message) };
    at = inner;
  }
  return { code: '', text: printable(String(error)) };
}
