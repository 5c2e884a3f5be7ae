import { readFileSync } from 'node:fs';
import type { Login } from '../../oci/login';
import { exchange } from '../../oci/exchange';
import { defaultLimits } from '../../oci/limits';
import type { GoogleCaller } from './googleCaller';

const flavor = { 'metadata-flavor': 'Google' };

/** Milliseconds: nobody waits longer for a server that is probably not there, and one that must be there may be busy, as this machine may. */
const waits = { unknown: 800, expected: 15_000 } as const;

/** The metadata server of a machine in Google's cloud: https://cloud.google.com/compute/docs/metadata/overview */
interface MetadataServer {
  /** The machine's service account. */
  readonly account: string;
  mint(caller: GoogleCaller): Promise<Login>;
}

/** Looks for it; undefined: this machine is not in Google's cloud, or has no service account, or looking is turned off. */
export async function findMetadataServer(
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<MetadataServer | undefined> {
  if (env['METADATA_SERVER_DETECTION'] === 'none' || env['NO_GCE_CHECK'] === 'true') return undefined;
  // Google's own libraries take the host from here: https://cloud.google.com/nodejs/docs/reference/gcp-metadata/latest
  const host = env['GCE_METADATA_HOST'] || env['GCE_METADATA_IP'] || '169.254.169.254';
  const base = `http://${host}/computeMetadata/v1/instance/service-accounts/default`;
  if (!URL.canParse(base)) return undefined;
  const task = { action: 'looking for the metadata server', host, repository: '' };
  const wait = waits[isExpected(env) ? 'expected' : 'unknown'];
  const limits = { ...defaultLimits, stallMs: wait, exchangeMs: wait, redirects: 0 };
  try {
    const request = { method: 'GET', url: new URL(`${base}/email`), headers: flavor, maxBytes: 1000 } as const;
    const answer = await exchange(task, request, limits, signal);
    const account = Buffer.from(answer.body).toString('utf8').trim();
    // Other clouds answer at the same address; only Google's says so.
    const isGoogles = answer.status === 200 && answer.headers.get('metadata-flavor') === 'Google';
    if (!isGoogles || !/^[\x21-\x7e]+@[\x21-\x7e]+$/.test(account)) return undefined;
    return { account, mint: (caller) => mintAt(caller, new URL(`${base}/token`)) };
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** Does somebody say that it is there: who set the address, or the machine, whose firmware names Google (containers see that too)? */
function isExpected(env: NodeJS.ProcessEnv): boolean {
  if (env['GCE_METADATA_HOST'] || env['GCE_METADATA_IP']) return true;
  try {
    return /^Google\b/.test(readFileSync('/sys/class/dmi/id/product_name', 'utf8'));
  } catch {
    return false;
  }
}

async function mintAt(caller: GoogleCaller, url: URL): Promise<Login> {
  const askedAt = Date.now();
  const answer = caller.parse(await caller.get('asking the metadata server', url, flavor), url);
  const seconds = typeof answer['expires_in'] === 'number' ? answer['expires_in'] : 60;
  const password = caller.secretField(answer, 'access_token', url);
  return { username: 'oauth2accesstoken', password, expiresAt: askedAt + seconds * 1000 };
}
