import type { BuildFailure } from './rawProgress';

/** Why a build failed, as far as it decides what to do next. */
export interface Failure {
  /**
   * `dockerfile`: an instruction failed, or the Dockerfile can't be read; `pull`: a base image was not to be had; `push`: the image is
   * built and the registry did not take it; `context`: a file or folder that the build needs is not there; `engine`: all else.
   */
  readonly kind: 'dockerfile' | 'pull' | 'push' | 'context' | 'engine';
  /** What may heal it: nothing, time, or a fresh login. */
  readonly heals: 'no' | 'wait' | 'login';
  /** What to do; undefined: the message says it. */
  readonly hint: string | undefined;
}

/** Steps that only fetch things: they may be tried again when the network failed them. */
const fetching =
  /\b(go mod download|apk (add|update|upgrade)|apt(-get)? (update|install)|pip3? (install|download)|npm ci|curl|wget|git clone)\b/;

const networkTrouble = new RegExp(
  [
    // A status only with the words that belong to it: digests and sizes hold such numbers too.
    '\\b(408 Request Timeout|425 Too Early|429 Too Many|500 Internal|502 Bad Gateway|503 Service|504 Gateway)',
    'toomanyrequests|too many requests|received unexpected HTTP status: 5\\d\\d',
    'connection (refused|reset)|broken pipe|no route to host|network is unreachable',
    'i/o timeout|TLS handshake timeout|Client\\.Timeout|deadline exceeded|timed? out',
    '\\bEOF\\b|server closed idle connection|http2: |stream error|use of closed network connection',
    'temporary failure in name resolution|server misbehaving',
    'blob upload (invalid|unknown)|unknown blob|blob unknown',
  ].join('|'),
  'i',
);

const refusedLogin =
  /\b401\b|unauthorized|no basic auth credentials|authentication required|token (has |is )?expired|failed to fetch \w+ token/i;

/**
 * Tells from BuildKit's words why a build failed. `at` comes from them too. Texts as BuildKit 0.2x and Docker 28 print them, with
 * both image stores.
 */
export function classify({ message, step, at, tail }: Pick<BuildFailure, 'message' | 'step' | 'at' | 'tail'>): Failure {
  if (/^failed to push |^push access denied/.test(message) || /^pushing /.test(step ?? '')) return push(message);
  if (/failed to resolve source metadata|httpReadSeeker|pull access denied|failed to authorize/.test(message)) {
    return pull(message);
  }
  if (engineWords.test(message)) return { kind: 'engine', heals: 'no', hint: engineHint(message) };
  // The engine cut the stream of its messages, as a busy one does; nothing is wrong with the build, and what is done is cached.
  if (/^failed to receive status: rpc error: code = Canceled/.test(message)) {
    return { kind: 'engine', heals: 'wait', hint: undefined };
  }
  if (/failed to read dockerfile|unable to prepare context|path ".*" not found|failed to evaluate path/.test(message)) {
    return { kind: 'context', heals: 'no', hint: undefined };
  }
  if (at !== undefined || /dockerfile parse error|target stage|did not complete successfully/.test(message)) {
    const fetched = fetching.test(step ?? '') && tail.slice(-10).some((line) => networkTrouble.test(line));
    return { kind: 'dockerfile', heals: fetched ? 'wait' : 'no', hint: undefined };
  }
  return { kind: 'engine', heals: networkTrouble.test(message) ? 'wait' : 'no', hint: undefined };
}

const engineWords =
  /Cannot connect to the Docker daemon|error during connect|permission denied while trying to connect|no space left on device|code = Unavailable|error reading from server|no builder .* found|Switch to a different driver/;

function engineHint(message: string): string | undefined {
  if (/no space left/.test(message)) {
    return 'Free some disk space: `docker system df` shows what takes it, `docker builder prune` removes the build cache.';
  }
  if (/code = Unavailable|error reading from server/.test(message)) {
    return 'The Docker engine ended while it built: look at its log, and at the memory and disk of this machine.';
  }
  return /Cannot connect to the Docker daemon|error during connect/.test(message)
    ? 'The Docker engine does not answer any more: look at its log, and start it again (`sudo systemctl start docker`, or Docker Desktop).'
    : undefined;
}

/** What a refusal means for the user is explained where registries are known; here the only question is whether to try again. */
function push(message: string): Failure {
  const heals = /tag immutability|cannot update tag|denied:|\b403\b|no such host/i.test(message)
    ? 'no'
    : refusedLogin.test(message)
      ? 'login'
      : networkTrouble.test(message)
        ? 'wait'
        : 'no';
  return { kind: 'push', heals, hint: undefined };
}

function pull(message: string): Failure {
  const of = (heals: Failure['heals'], hint?: string): Failure => ({ kind: 'pull', heals, hint });
  if (/toomanyrequests|too many requests|\b429\b|pull rate limit/i.test(message)) {
    return of(
      'wait',
      'The registry of a base image has given this machine as much as it gives. Log in to it before the build (Docker Hub gives more to who is logged in), or let the Dockerfile start from a mirror.',
    );
  }
  if (networkTrouble.test(message)) return of('wait', 'The registry of a base image does not answer as it should.');
  if (refusedLogin.test(message) || /denied|\b403\b/.test(message)) {
    return of('login', 'A base image can’t be pulled: check its name, and that the login may read it.');
  }
  if (/no match for platform/.test(message)) {
    return of(
      'no',
      'A base image has no variant for this platform: choose others in the input platforms, or another base image.',
    );
  }
  if (/: not found$/.test(message))
    return of('no', 'A base image does not exist: check its name and tag in the Dockerfile.');
  return of('no');
}
