import { RegistryError } from '../errors';
import type { Answer } from './wire';
import { field, parseJson } from '../system/json';
import { printable, withoutSecrets } from './text';

/** What is being done, for error texts: `reading ghcr.io/me/driver:latest`. */
export interface Task {
  readonly action: string;
  readonly host: string;
  /** `host/path`, or empty where no repository is concerned. */
  readonly repository: string;
  /** What to do when the answer is 401: the end of the text, without a full stop. */
  readonly fix?: string;
}

/** A failure that may heal. Never leaves this folder: the last one's `failure` is what is thrown. */
export class Transient extends Error {
  readonly failure: RegistryError;
  /** How long the registry asked us to wait. */
  readonly retryAfterMs: number | undefined;
  /** Attempts that this kind of failure is worth, when fewer than usual. */
  readonly attempts: number;

  constructor(failure: RegistryError, details: { retryAfterMs?: number | undefined; attempts?: number } = {}) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfterMs = details.retryAfterMs;
    this.attempts = details.attempts ?? Infinity;
  }
}

/** A RegistryError that names what was done and where. `why` ends without a full stop. */
export function failed(
  task: Task,
  why: string,
  details: { status?: number; codes?: readonly string[]; cause?: unknown } = {},
): RegistryError {
  const text = `${task.action.charAt(0).toUpperCase()}${task.action.slice(1)} failed: ${why}.`;
  return new RegistryError(text, { ...details, host: task.host, repository: task.repository });
}

/** Statuses that say "not now": https://www.rfc-editor.org/rfc/rfc9110#section-15 . 501 and 505 will not change their mind. */
function isTransientStatus(status: number): boolean {
  return [408, 425, 429].includes(status) || (status >= 500 && status !== 501 && status !== 505);
}

/** An answer that is not a success, as an error: status, OCI error codes and the registry's own words (printable, bounded, without `secrets`). */
export function refusal(task: Task, answer: Answer, secrets: Iterable<string>): RegistryError {
  const { codes } = readErrors(answer);
  const said = saidBy(answer, secrets);
  const why = `${answer.url.host} answered ${answer.status}${reason(answer)}${said}${fix(answer.status, task)}`;
  return failed(task, why, { status: answer.status, codes });
}

/** The registry's own words, ` (CODE: message)`; empty: it said nothing. */
export function saidBy(answer: Answer, secrets: Iterable<string>): string {
  const { words } = readErrors(answer);
  return words === '' ? '' : ` (${printable(withoutSecrets(words, secrets), 500)})`;
}

/** The same, as Transient when the status says "not now". */
export function refused(task: Task, answer: Answer, secrets: Iterable<string>): RegistryError | Transient {
  const failure = refusal(task, answer, secrets);
  if (!isTransientStatus(answer.status)) return failure;
  return new Transient(failure, { retryAfterMs: retryAfter(answer.headers.get('retry-after')) });
}

/** OCI error codes of an answer; empty when its body is not what the specification says. */
export function errorCodes(answer: Answer): readonly string[] {
  return readErrors(answer).codes;
}

/** `Retry-After` in milliseconds from now: seconds or a date, https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 . */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\s*[0-9]{1,9}\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function reason(answer: Answer): string {
  const text = printable(answer.statusText, 60);
  return text === '' ? '' : ` ${text}`;
}

function fix(status: number, task: Task): string {
  return status === 401 && task.fix !== undefined ? `. ${task.fix}` : '';
}

/** What to do when a registry refuses a login. */
export function loginFix(host: string): string {
  return `The login for ${host} was refused: check credentials-json, or "docker login ${host}"`;
}

/**
 * Codes and words of an error body: the OCI form `{"errors":[{"code","message"}]}`, Google's `{"error":{"message"}}`,
 * or plain text. A web page says nothing to a person here.
 */
function readErrors(answer: Answer): { readonly codes: readonly string[]; readonly words: string } {
  const text = Buffer.from(answer.body).toString('utf8');
  const json = parseJson(text);
  if (json === undefined) {
    const isPage = /html/i.test(answer.headers.get('content-type') ?? '') || /^\s*</.test(text);
    return { codes: [], words: isPage ? 'a web page, not a registry’s answer' : text };
  }
  const errors = field(json, 'errors');
  if (Array.isArray(errors)) {
    const known = errors.slice(0, 5).map((error: unknown) => ({
      code: printable(asText(field(error, 'code')), 60),
      words: [asText(field(error, 'message')), detailOf(error)].filter((part) => part !== '').join(': '),
    }));
    const codes = known.map(({ code }) => code).filter((code) => code !== '');
    const parts = known.map((error) => [error.code, error.words].filter((part) => part !== '').join(': '));
    return { codes, words: parts.filter((part) => part !== '').join('; ') };
  }
  const error = field(json, 'error');
  // OAuth2 (RFC 6749, section 5.2): `{"error": "invalid_grant", "error_description": …}`.
  const oauth = [asText(error), asText(field(json, 'error_description'))].filter((part) => part !== '').join(': ');
  const words = [
    asText(field(error, 'message')),
    oauth,
    asText(field(json, 'message')),
    asText(field(json, 'details')),
  ];
  return { codes: [], words: words.find((word) => word !== '') ?? '' };
}

/** What decides is often in the details: Quay's `{"message"}`, Artifactory's `{"description"}`, or a text. */
function detailOf(error: unknown): string {
  const detail = field(error, 'detail');
  return [detail, field(detail, 'message'), field(detail, 'description')].map(asText).find((text) => text !== '') ?? '';
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');
