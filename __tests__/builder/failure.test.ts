import { describe, expect, it } from 'vitest';
import { classify, type Failure } from '../../src/builder/failure';
import { defaultPatience, nextTry } from '../../src/builder/patience';

const at = { file: 'Dockerfile', line: 3 };
const run = { step: '[builder 3/5] RUN go build', at, tail: [] };
const none = { step: undefined, at: undefined, tail: [] };
const pushing = { ...none, step: 'pushing 127.0.0.1:5000/p/r/i:key-1 with docker' };
const exporting = { ...none, step: 'exporting to image' };
const to = 'failed to push 127.0.0.1:5000/p/r/i:key-1: ';
const from = 'r.test/base:1: failed to resolve source metadata for r.test/base:1: ';

describe('classify', () => {
  const cases: readonly (readonly [
    message: string,
    about: Parameters<typeof classify>[0] | object,
    expected: Pick<Failure, 'kind' | 'heals'>,
  ])[] = [
    // As the containerd image store says it.
    [`${to}unauthorized: authentication failed`, exporting, { kind: 'push', heals: 'login' }],
    [
      `${to}unexpected status from HEAD request to http://127.0.0.1:5000/v2/p/r/i/blobs/sha256:500e: 401 Unauthorized`,
      exporting,
      { kind: 'push', heals: 'login' },
    ],
    [
      `${to}failed to authorize: failed to fetch oauth token: unexpected status: 401`,
      exporting,
      { kind: 'push', heals: 'login' },
    ],
    [
      `${to}denied: Permission "artifactregistry.repositories.uploadArtifacts" denied on resource "x" (or it may not exist)`,
      exporting,
      { kind: 'push', heals: 'no' },
    ],
    [`${to}unknown: Repository "r" not found`, exporting, { kind: 'push', heals: 'no' }],
    [`${to}toomanyrequests: Quota exceeded`, exporting, { kind: 'push', heals: 'wait' }],
    [
      `${to}unknown: cannot update tag key-1. The repository has enabled tag immutability`,
      exporting,
      { kind: 'push', heals: 'no' },
    ],
    [
      `${to}unexpected status from POST request to http://r.test/v2/p/blobs/uploads/: 503 Service Unavailable: <html>`,
      exporting,
      { kind: 'push', heals: 'wait' },
    ],
    [
      `${to}unexpected status from PUT request to http://r.test/v2/p/manifests/key-1: 500 Internal Server Error: oops`,
      exporting,
      { kind: 'push', heals: 'wait' },
    ],
    [
      `${to}failed to do request: Post "https://r.test/v2/p/blobs/uploads/": EOF`,
      exporting,
      { kind: 'push', heals: 'wait' },
    ],
    [
      `${to}failed to do request: Head "https://r.test/": dial tcp 127.0.0.1:5999: connect: connection refused`,
      exporting,
      { kind: 'push', heals: 'wait' },
    ],
    [
      `${to}failed to do request: Head "https://r.test/": dial tcp: lookup r.test: no such host`,
      exporting,
      { kind: 'push', heals: 'no' },
    ],
    [
      `${to}unexpected status from PUT request to http://r.test/v2/p/manifests/key-500: 400 Bad Request`,
      exporting,
      { kind: 'push', heals: 'no' },
    ],
    // As the classic one does: the engine pushes, and its words have no prefix.
    ['unauthorized: authentication failed', pushing, { kind: 'push', heals: 'login' }],
    ['no basic auth credentials', pushing, { kind: 'push', heals: 'login' }],
    ['denied: Permission denied', pushing, { kind: 'push', heals: 'no' }],
    ['name unknown: Repository "r" not found', pushing, { kind: 'push', heals: 'no' }],
    ['received unexpected HTTP status: 503 Service Unavailable', pushing, { kind: 'push', heals: 'wait' }],
    ['unknown blob', pushing, { kind: 'push', heals: 'wait' }],
    [
      'Get "http://r.test/v2/": dial tcp 127.0.0.1:5999: connect: connection refused',
      pushing,
      { kind: 'push', heals: 'wait' },
    ],
    // Base images.
    [
      `${from}unexpected status from HEAD request to http://r.test/v2/base/manifests/1: 429 Too Many Requests`,
      run,
      { kind: 'pull', heals: 'wait' },
    ],
    [
      `${from}unexpected status from HEAD request to http://r.test/v2/base/manifests/1: 401 Unauthorized`,
      run,
      { kind: 'pull', heals: 'login' },
    ],
    [`${from}r.test/base:1: not found`, run, { kind: 'pull', heals: 'no' }],
    [`${from}failed to do request: Head "https://r.test/v2/": EOF`, run, { kind: 'pull', heals: 'wait' }],
    [
      'failed to copy: httpReadSeeker: failed open: unexpected status code https://r.test/x: 502 Bad Gateway',
      run,
      { kind: 'pull', heals: 'wait' },
    ],
    // The Dockerfile.
    [
      'process "/bin/sh -c go build" did not complete successfully: exit code: 1',
      run,
      { kind: 'dockerfile', heals: 'no' },
    ],
    [
      'dockerfile parse error on line 2: unknown instruction: RUNN',
      { ...none, at },
      { kind: 'dockerfile', heals: 'no' },
    ],
    ['target stage "zz" could not be found', none, { kind: 'dockerfile', heals: 'no' }],
    [
      'failed to compute cache key: failed to calculate checksum of ref x: "/nope": not found',
      run,
      { kind: 'dockerfile', heals: 'no' },
    ],
    [
      'process "/bin/sh -c go mod download" did not complete successfully: exit code: 1',
      { ...run, step: '[builder 3/5] RUN go mod download', tail: ['x', 'proxy.golang.org: 502 Bad Gateway'] },
      { kind: 'dockerfile', heals: 'wait' },
    ],
    [
      'process "/bin/sh -c go test" did not complete successfully: exit code: 1',
      { ...run, tail: ['dial: connection refused'] },
      { kind: 'dockerfile', heals: 'no' },
    ],
    [
      'process "/bin/sh -c curl" did not complete successfully: exit code: 22',
      { ...run, step: '[2/2] RUN curl -f x', tail: ['404'] },
      { kind: 'dockerfile', heals: 'no' },
    ],
    // The rest.
    ['failed to read dockerfile: open Nope: no such file or directory', none, { kind: 'context', heals: 'no' }],
    ['unable to prepare context: path "x" not found', none, { kind: 'context', heals: 'no' }],
    [
      'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
      none,
      { kind: 'engine', heals: 'no' },
    ],
    [
      'failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF',
      none,
      { kind: 'engine', heals: 'no' },
    ],
    [
      'failed to receive status: rpc error: code = Canceled desc = context canceled',
      run,
      { kind: 'engine', heals: 'wait' },
    ],
    ['write /x: no space left on device', run, { kind: 'engine', heals: 'no' }],
    [
      'OCI exporter is not supported for the docker driver.\nSwitch to a different driver',
      none,
      { kind: 'engine', heals: 'no' },
    ],
    ['', none, { kind: 'engine', heals: 'no' }],
  ];
  it.each(cases)('%s', (message, about, expected) => {
    expect(classify({ ...none, ...about, message })).toMatchObject(expected);
  });

  it('says what to do where the words alone do not', () => {
    expect(classify({ ...none, message: 'no space left on device' }).hint).toMatch(/docker builder prune/);
    expect(classify({ ...none, message: 'rpc error: code = Unavailable' }).hint).toMatch(/engine ended while it built/);
    expect(classify({ ...none, message: 'Cannot connect to the Docker daemon at unix:///x.' }).hint).toMatch(
      /does not answer any more.* start it again/,
    );
    expect(classify({ ...run, message: `${from}x: not found` }).hint).toMatch(/base image does not exist/);
    expect(classify({ ...run, message: `${from}x: no match for platform in manifest: not found` }).hint).toMatch(
      /no variant for this platform/,
    );
  });
});

describe('nextTry', () => {
  const push = (heals: Failure['heals']): Failure => ({ kind: 'push', heals, hint: undefined });
  const patience = { waits: 3, firstWaitMs: 1_000, longestWaitMs: 3_000 };
  const tries = (failure: Failure, waits: number, logins = 0, random = 1): unknown =>
    nextTry(failure, { waits, logins }, patience, random);

  it('waits longer each time, up to a limit, and gives up in the end', () => {
    expect([0, 1, 2, 3].map((waits) => tries(push('wait'), waits))).toEqual([
      { kind: 'again', afterMs: 1_000, login: true },
      { kind: 'again', afterMs: 2_000, login: true },
      { kind: 'again', afterMs: 3_000, login: true },
      { kind: 'give-up' },
    ]);
  });

  it('spreads repetitions', () => {
    expect(tries(push('wait'), 0, 0, 0)).toEqual({ kind: 'again', afterMs: 500, login: true });
  });

  it('logs in again once', () => {
    expect(tries(push('login'), 0)).toEqual({ kind: 'again', afterMs: 0, login: true });
    expect(tries(push('login'), 0, 1)).toEqual({ kind: 'give-up' });
  });

  it('repeats a download in a Dockerfile once, without a login', () => {
    const download: Failure = { kind: 'dockerfile', heals: 'wait', hint: undefined };
    expect(tries(download, 0)).toEqual({ kind: 'again', afterMs: 1_000, login: false });
    expect(tries(download, 1)).toEqual({ kind: 'give-up' });
  });

  it('does not repeat what nothing heals', () => {
    expect(nextTry(push('no'), { waits: 0, logins: 0 }, defaultPatience, 0)).toEqual({ kind: 'give-up' });
  });
});

it('a registry that gives no more of a base image is no fault of the network: one logs in, or takes a mirror', () => {
  const message =
    'golang:1.24: failed to resolve source metadata for docker.io/library/golang:1.24: failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/golang/manifests/1.24: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit.';
  const { kind, hint } = classify({ message, step: undefined, at: undefined, tail: [] });
  expect([kind, hint]).toEqual(['pull', expect.stringContaining('Log in to it before the build')]);
});
