import { fulcioHandler, initializeCA, initializeCTLog, initializeTLog, rekorHandler } from '@sigstore/mock';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { serve } from './httpServer';

/**
 * What the services do with a request for a signature. Each takes two: for a certificate of Fulcio, for a record of Rekor. `records`: Fulcio is
 * well, Rekor makes so many and refuses the next.
 */
export type SigstoreState = 'well' | 'refusing' | 'cut' | 'silent' | { readonly records: number };

/** Fulcio, Rekor and GitHub's identities on this machine: fakes by Sigstore's own authors, with keys of their own. */
export interface SigstoreServices extends AsyncDisposable {
  /** For the run. */
  readonly env: Readonly<Record<string, string>>;
  /** A trusted root, JSON, for who verifies. */
  readonly trustedRoot: string;
  /** Requests for signatures so far. */
  readonly count: () => number;
  state: SigstoreState;
}

/** The job whose identity is asked for. */
export interface Job {
  /** `OWNER/REPO/.github/workflows/FILE@REF`: the workflow that ran. */
  readonly workflow: string;
  /** The one with the job's steps, where that is another, which the first calls. */
  readonly called?: string;
  readonly sha?: string;
  /** What started it; undefined: a push. */
  readonly event?: string;
  /** Who says that it is this job; undefined: github.com. */
  readonly issuer?: string;
}

/** What its records name. */
const logUrl = 'https://rekor.example';

/** Starts them, with the identity of one job. */
export async function startSigstore(job: Job): Promise<SigstoreServices> {
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ctlog = await initializeCTLog(pair());
  const ca = await initializeCA(pair(), ctlog);
  const tlog = await initializeTLog(logUrl, pair());
  const [fulcio, rekor] = [fulcioHandler(ca), rekorHandler(tlog)];
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claimsOf(job))}.${part({})}`;
  const state: { now: SigstoreState; count: number; left: number } = { now: 'well', count: 0, left: 0 };
  const server = await serve(async ({ path, body }) => {
    if (path.startsWith('/token')) {
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ value: token }) };
    }
    state.count += 1;
    if (state.now === 'cut') return 'cut';
    if (state.now === 'silent') return 'stall';
    const handler = path === fulcio.path ? fulcio : rekor;
    const isRefused =
      state.now === 'refusing' || (typeof state.now === 'object' && handler === rekor && state.left-- <= 0);
    if (isRefused) return { status: 403, body: 'no' };
    const text = body.toString('utf8');
    const asked = handler === rekor ? recorded(text) : text;
    const { statusCode, response, contentType = 'text/plain' } = await handler.fn(asked);
    return { status: statusCode, headers: { 'content-type': contentType }, body: Buffer.from(response as string) };
  });
  const address = `http://${server.host}`;
  const base64 = (bytes: ArrayBufferView | Buffer): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const validFor = { start: new Date(Date.now() - 86_400_000).toISOString() };
  const log = (publicKey: Buffer, keyId: string): object => ({
    baseUrl: logUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: publicKey.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
    logId: { keyId },
  });
  const trustedRoot = JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log(tlog.publicKey, createHash('sha256').update(tlog.publicKey).digest('base64'))],
    certificateAuthorities: [
      {
        subject: { organization: 'tests', commonName: 'tests' },
        uri: 'https://ca.example',
        certChain: { certificates: [{ rawBytes: base64(ca.rootCertificate) }] },
        validFor,
      },
    ],
    ctlogs: [log(ctlog.publicKey, base64(ctlog.logID))],
    timestampAuthorities: [],
  });
  return {
    env: {
      COSIGN_FULCIO_URL: address,
      COSIGN_REKOR_URL: address,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${address}/token?x=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'a token of the runner',
    },
    trustedRoot,
    count: () => state.count,
    get state() {
      return state.now;
    },
    set state(next) {
      state.now = next;
      state.left = typeof next === 'object' ? next.records : 0;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/**
 * What GitHub says of a job: https://docs.github.com/en/actions/reference/security/oidc. The fake Fulcio makes the extensions of these that the
 * real one makes; the certificate's name the real one takes from `job_workflow_ref`, the fake one from `sub`.
 */
function claimsOf({ workflow, called = workflow, sha = 'c'.repeat(40), event = 'push', issuer }: Job): object {
  const ref = workflow.slice(workflow.indexOf('@') + 1);
  const [owner = '', repository = ''] = workflow.split('/');
  return {
    iss: issuer ?? 'https://token.actions.githubusercontent.com',
    aud: 'sigstore',
    sub: `https://github.com/${called}`,
    repository: `${owner}/${repository}`,
    repository_owner: owner,
    repository_id: '74',
    repository_owner_id: '65',
    repository_visibility: 'public',
    event_name: event,
    ref,
    sha,
    workflow: 'Build backend images',
    workflow_ref: workflow,
    workflow_sha: sha,
    job_workflow_ref: called,
    job_workflow_sha: sha,
    run_id: '7',
    run_attempt: '1',
    runner_environment: 'github-hosted',
  };
}

/**
 * What Rekor records of an envelope: its digests and signatures. The fake would record what it was sent.
 * https://github.com/sigstore/rekor/blob/main/pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json
 */
function recorded(request: string): string {
  const { proposedContent } = (
    JSON.parse(request) as {
      readonly spec: { readonly proposedContent: { readonly envelope: string; readonly verifiers: readonly string[] } };
    }
  ).spec;
  const { payload, signatures } = JSON.parse(proposedContent.envelope) as {
    readonly payload: string;
    readonly signatures: readonly { readonly sig: string }[];
  };
  const hash = (bytes: string | Buffer): object => ({
    algorithm: 'sha256',
    value: createHash('sha256').update(bytes).digest('hex'),
  });
  return JSON.stringify({
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: hash(proposedContent.envelope),
      payloadHash: hash(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }, at) => ({ signature: sig, verifier: proposedContent.verifiers[at] })),
    },
  });
}
