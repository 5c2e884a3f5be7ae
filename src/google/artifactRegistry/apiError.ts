import { printable } from '../../oci/text';
import { field } from '../../system/json';

/** Codes of gRPC, which the API gives over REST too: https://grpc.io/docs/guides/status-codes/ */
export const apiCodes = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A refusal of the API. The thrown thing itself is not kept: it may carry the request with its token. */
export interface ApiError {
  /** gRPC's; undefined: Google never came to an answer. */
  readonly code: number | undefined;
  /** `SERVICE_DISABLED`, …: https://cloud.google.com/apis/design/errors#error_info */
  readonly reason: string | undefined;
  /** `projects/ID` or `projects/NUMBER`: on whose account the call went. */
  readonly consumer: string | undefined;
  /** One printable line. */
  readonly text: string;
  /** Did something else than Google answer: a proxy, a firewall? */
  readonly isForeign: boolean;
}

/** What the client throws. */
export class ApiRefusal extends Error {
  readonly error: ApiError;

  constructor(error: ApiError) {
    super(error.text);
    this.error = error;
  }
}

/** Reads what the client or google-auth-library threw. */
export function readApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiRefusal) return thrown.error;
  const foreign = pageOf(field(thrown, 'cause'));
  if (foreign !== undefined) return foreign.error;
  const code = field(thrown, 'code');
  const consumer = field(field(thrown, 'errorInfoMetadata'), 'consumer');
  const reason = field(thrown, 'reason');
  return {
    code: typeof code === 'number' && code >= 0 && code <= 16 ? code : undefined,
    reason: typeof reason === 'string' ? printable(reason, 60) : undefined,
    consumer: typeof consumer === 'string' ? printable(consumer, 120) : undefined,
    text: printable(thrown instanceof Error ? thrown.message : String(thrown), 500),
    isForeign: false,
  };
}

/**
 * google-gax 6.17 gives a page that is not Google's as Google's word, with the code of its HTTP status (7 for a proxy's 403); one that came with
 * status 200 as code 14. What it was is in the error's cause.
 */
function pageOf(cause: unknown): ApiRefusal | undefined {
  // The status is lost then.
  if (cause instanceof SyntaxError) return foreignAnswer(googleApi, undefined, notJson);
  const response = property(cause, 'response');
  const [headers, status] = [property(response, 'headers'), property(response, 'status')];
  const read = property(headers, 'get');
  const given: unknown = typeof read === 'function' ? Reflect.apply(read, headers, ['content-type']) : 'json';
  if (typeof given === 'string' && /\bjson\b/i.test(given)) return undefined;
  return foreignAnswer(googleApi, typeof status === 'number' ? status : undefined, notJson);
}

const googleApi = 'artifactregistry.googleapis.com';
const notJson = 'something that is not JSON';

/** Also what a class gives by a getter, as node-fetch's Response does. */
function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}

/** An error as Google's APIs and operations give it: https://google.aip.dev/193 */
export function statusError(status: unknown, code: number | undefined): ApiError {
  const details = field(status, 'details');
  const listed: readonly unknown[] = Array.isArray(details) ? details : [];
  const info = listed.find((each) => typeof field(each, 'reason') === 'string');
  const [reason, consumer] = [field(info, 'reason'), field(field(info, 'metadata'), 'consumer')];
  const message = field(status, 'message');
  return {
    code,
    reason: typeof reason === 'string' ? printable(reason, 60) : undefined,
    consumer: typeof consumer === 'string' ? printable(consumer, 120) : undefined,
    text: printable(typeof message === 'string' ? message : '', 500),
    isForeign: false,
  };
}

/** An answer that no API of Google's gives. 5xx may heal, as a gateway's do. */
export function foreignAnswer(host: string, status: number | undefined, said: string): ApiRefusal {
  const text = `${host} answered${status === undefined ? '' : ` ${status}`} with ${said}: that is not Google, but a proxy or firewall on the way`;
  const code = status !== undefined && status >= 500 ? apiCodes.unavailable : undefined;
  return new ApiRefusal({ code, reason: undefined, consumer: undefined, text, isForeign: true });
}

/** No answer at all. */
export function unreachable(thrown: unknown, mayHeal: boolean): ApiRefusal {
  const text = printable(thrown instanceof Error ? thrown.message : String(thrown), 500);
  const code = mayHeal ? apiCodes.unavailable : undefined;
  return new ApiRefusal({ code, reason: undefined, consumer: undefined, text, isForeign: true });
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto , by name or by HTTP status. */
export function codeOfStatus(status: string | number): number | undefined {
  return codes.get(status);
}

const codes: ReadonlyMap<string | number, number> = new Map<string | number, number>([
  ...[
    'OK',
    'CANCELLED',
    'UNKNOWN',
    'INVALID_ARGUMENT',
    'DEADLINE_EXCEEDED',
    'NOT_FOUND',
    'ALREADY_EXISTS',
    'PERMISSION_DENIED',
    'RESOURCE_EXHAUSTED',
    'FAILED_PRECONDITION',
    'ABORTED',
    'OUT_OF_RANGE',
    'UNIMPLEMENTED',
    'INTERNAL',
    'UNAVAILABLE',
    'DATA_LOSS',
    'UNAUTHENTICATED',
  ].map((name, code) => [name, code] as const),
  [400, apiCodes.invalidArgument],
  [401, apiCodes.unauthenticated],
  [403, apiCodes.permissionDenied],
  [404, apiCodes.notFound],
  [409, apiCodes.alreadyExists],
  [429, apiCodes.resourceExhausted],
  [500, apiCodes.internal],
  [501, apiCodes.unimplemented],
  [503, apiCodes.unavailable],
  [504, apiCodes.deadlineExceeded],
]);

/** May the same call go well in a moment? */
export function isPassing({ code }: ApiError): boolean {
  return code === apiCodes.unavailable || code === apiCodes.resourceExhausted || code === apiCodes.internal;
}

/** What Google said, in one line with what is known by its codes, for what recognises failures by their words. Empty: it was not Google. */
export function wordsOf(error: ApiError): string {
  if (error.isForeign) return '';
  return [error.reason, error.text].filter((part) => part !== undefined && part !== '').join(': ');
}
