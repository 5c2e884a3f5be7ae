import { printable } from '../registry/text';

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
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A refusal of the API. The thrown thing itself is not kept: it carries the request with its token. */
export interface ApiError {
  /** gRPC's; undefined: it never came to an answer. */
  readonly code: number | undefined;
  /** `SERVICE_DISABLED`, …: https://cloud.google.com/apis/design/errors#error_info */
  readonly reason: string | undefined;
  /** `projects/ID` or `projects/NUMBER`: on whose account the call went. */
  readonly consumer: string | undefined;
  /** One printable line. */
  readonly text: string;
}

/** Reads what the client or google-auth-library threw. */
export function readApiError(thrown: unknown): ApiError {
  const code = field(thrown, 'code');
  const consumer = field(field(thrown, 'errorInfoMetadata'), 'consumer');
  const reason = field(thrown, 'reason');
  return {
    code: typeof code === 'number' && code >= 0 && code <= 16 ? code : undefined,
    reason: typeof reason === 'string' ? printable(reason, 60) : undefined,
    consumer: typeof consumer === 'string' ? printable(consumer, 120) : undefined,
    text: printable(thrown instanceof Error ? thrown.message : String(thrown), 500),
  };
}

/** May the same call go well in a moment? */
export function isPassing({ code }: ApiError): boolean {
  return code === apiCodes.unavailable || code === apiCodes.resourceExhausted || code === 13;
}

/** The refusal in one line with what is known by its codes, for what recognises failures by their words. */
export function wordsOf(error: ApiError): string {
  return [error.reason, error.text].filter((part) => part !== undefined && part !== '').join(': ');
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
