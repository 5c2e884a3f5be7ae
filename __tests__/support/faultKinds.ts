import { createHash } from 'node:crypto';
import type { Exchange } from './misbehaviour';

/** What can go wrong with one request. `cut-*` ends the connection; `lost`: confirmed, but never carried out. */
export const faultKinds = [
  ...['401', '403', '404', '404-bare', '429', '429-retry-after', '500', '502', '503'],
  ...['cut-before', 'cut-request', 'cut-answer', 'cut-after', 'stall-before', 'stall-after', 'wrong-digest', 'lost'],
] as const;

/** How a proxy misbehaves. The same profile and seed misbehave alike for the same requests, in whatever order they come. */
export interface FaultProfile {
  readonly seed: number;
  /** Share of requests that go wrong by chance. */
  readonly rate: number;
  /** From this request on, for this many, nothing works. */
  readonly outage?: { readonly from: number; readonly length: number; readonly kind: string };
  /** Requests that always go wrong: `PUT /v2/…/manifests/latest`. */
  readonly denial?: { readonly pattern: RegExp; readonly kind: string };
  /** GETs of blobs are redirected to another origin, as object storage of a registry is. */
  readonly redirects: boolean;
  /** A stall ends with the connection after so many milliseconds, unless the client gives up before; 30,000 unless told. */
  readonly stallMs?: number;
  /** Chance does not look at digests, commits and keys, for contents that are new each time. */
  readonly isBlindToContent?: boolean;
}

/** Decides what goes wrong. Remembers how often each request came. */
export class FaultSchedule {
  private readonly occurrences = new Map<string, number>();

  /** `count`: the number of this request. undefined: nothing goes wrong. */
  next(profile: FaultProfile, { method, url }: Exchange, count: number): string | undefined {
    const { outage, denial, seed, rate } = profile;
    if (denial?.pattern.test(`${method} ${url}`) === true) return denial.kind;
    if (outage !== undefined && count >= outage.from && count < outage.from + outage.length) return outage.kind;
    // An upload's own name differs from run to run; a round that is played again has another project.
    const path = url.replace(/\/uploads\/.*/, '/uploads/').replace(/^\/v2\/[^/]+\//, '/v2/');
    const what = `${method} ${profile.isBlindToContent === true ? path.replace(/[0-9a-f]{40,64}/g, '') : path}`;
    const occurrence = (this.occurrences.get(what) ?? 0) + 1;
    this.occurrences.set(what, occurrence);
    const dice = createHash('sha256').update(`${seed} ${what} ${occurrence}`).digest();
    if (dice.readUInt32BE(0) / 2 ** 32 >= rate) return undefined;
    return fitting(faultKinds[dice.readUInt32BE(4) % faultKinds.length], method, url, occurrence);
  }
}

function fitting(kind: string | undefined, method: string, url: string, occurrence: number): string | undefined {
  // A registry that denies a thing again and again cannot be told from one that has not got it.
  if ((kind === '404' || kind === 'lost') && occurrence > 2) return undefined;
  if (kind === '404' && url.includes('/tags/list')) return '404-bare';
  return kind === 'lost' && !(method === 'PUT' && url.includes('/manifests/')) ? undefined : kind;
}
