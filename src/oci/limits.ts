import { bounds } from '../system/bounds';

/** Bounds of the client, in milliseconds, numbers and bytes. Each can be overridden where the client is made. */
export interface Limits {
  /** Requests to one host at once. */
  readonly concurrency: number;
  /** Attempts at one call, the first included. */
  readonly attempts: number;
  /** Attempts at a host that has not answered a single time in this run: its name is probably wrong. */
  readonly attemptsUnreached: number;
  /** Wait before the second attempt; doubles each time, with up to as much again at random. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** `Retry-After` is obeyed up to this. */
  readonly longestRetryAfterMs: number;
  /** No attempt at a call starts later than this after its first. */
  readonly callMs: number;
  /** One exchange, redirects and body included. */
  readonly exchangeMs: number;
  /** Without a byte of an answer for so long, an exchange is given up. */
  readonly stallMs: number;
  readonly manifestBytes: number;
  readonly blobBytes: number;
  /** Of a whole list of tags. */
  readonly tagsBytes: number;
  readonly tokenBytes: number;
  readonly redirects: number;
}

export const defaultLimits: Limits = {
  concurrency: 16,
  attempts: 6,
  attemptsUnreached: 3,
  firstDelayMs: 500,
  longestDelayMs: 20_000,
  longestRetryAfterMs: 120_000,
  callMs: 300_000,
  exchangeMs: 120_000,
  stallMs: 30_000,
  manifestBytes: bounds.registry.manifest,
  blobBytes: bounds.registry.blob,
  tagsBytes: bounds.registry.tagBytes,
  tokenBytes: bounds.registry.token,
  redirects: bounds.registry.redirects,
};
