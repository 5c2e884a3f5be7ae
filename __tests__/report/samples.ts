import type { RunReport } from '../../src/report/runReport';
import type { BuildOutcome, Plan, PlannedImage, Publication, PublishedImage, Timing } from '../../src/types';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

export function digest(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

export function planned(name: string, more: Partial<PlannedImage> = {}): PlannedImage {
  return {
    name,
    requested: true,
    neededBy: [],
    key: 'a'.repeat(64),
    action: 'build',
    reason: 'content changed',
    changed: [],
    binds: {},
    dockerfile: `backend/Dockerfile.${name}`,
    notes: [],
    ...more,
  };
}

export function plan(images: readonly PlannedImage[], more: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    commit: COMMIT,
    keywords: ['apiserver'],
    images,
    order: [images.map((image) => image.name)],
    warnings: [],
    ...more,
  };
}

/** Seconds after 07:00:00 UTC. */
export function at(seconds: number): number {
  return Date.UTC(2026, 10, 23, 7) + seconds * 1000;
}

/** Seconds: queued, started, built, pushed, bound. */
export function timing(queued: number, started?: number, built?: number, pushed?: number, bound?: number): Timing {
  const moment = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : at(seconds));
  return {
    queuedAt: at(queued),
    startedAt: moment(started),
    builtAt: moment(built),
    pushedAt: moment(pushed),
    boundAt: moment(bound),
    steps: 6,
    cachedSteps: 2,
  };
}

export function published(name: string, digit: string, more: Partial<PublishedImage> = {}): PublishedImage {
  return {
    name,
    repository: `registry.example/p/r/${name}`,
    digest: digest(digit),
    tags: [{ tag: `commit-${COMMIT}`, state: 'published' }],
    latest: { kind: 'moved', digest: digest(digit) },
    ...more,
  };
}

export function publication(images: readonly PublishedImage[], more: Partial<Publication> = {}): Publication {
  return {
    kind: 'published',
    images,
    set: {
      repository: 'registry.example/p/r/kfp-images-set',
      tag: `commit-${COMMIT}`,
      digest: digest('5'),
      state: 'published',
      latest: { kind: 'moved', digest: digest('5') },
    },
    lock: undefined,
    dropped: [],
    latest: { kind: 'moved', commit: undefined, isForced: false },
    notes: [],
    error: undefined,
    ...more,
  };
}

export const kfpPlan = plan([
  planned('driver', { requested: false, neededBy: ['apiserver'], changed: ['backend/src/v2/driver/driver.go'] }),
  planned('launcher', { requested: false, neededBy: ['apiserver'], action: 'reuse', reason: 'nothing changed' }),
  planned('apiserver', {
    binds: { V2_DRIVER_IMAGE: 'driver', V2_LAUNCHER_IMAGE: 'launcher' },
    changed: ['a.go', 'b.go', 'c.go', 'd.go', 'e.go'],
    notes: ['COPY . . is an input as a whole'],
    dockerfile: 'backend/Dockerfile',
  }),
]);

export const kfpOutcomes: readonly BuildOutcome[] = [
  { kind: 'built', name: 'driver', digest: digest('1'), timing: timing(0, 0.2, 20, 24) },
  { kind: 'reused', name: 'launcher', digest: digest('2'), timing: timing(0) },
  { kind: 'built', name: 'apiserver', digest: digest('3'), timing: timing(0, 0.3, 16, 19, 26) },
];

export const failedOutcome: BuildOutcome & { readonly kind: 'failed' } = {
  kind: 'failed',
  name: 'apiserver',
  message: 'process "/bin/sh -c go build" did not complete successfully: exit code: 1',
  at: { file: 'Dockerfile', line: 12 },
  step: '[builder 5/7] RUN go build -o /bin/apiserver ./backend/src/apiserver',
  excerpt: ['  11 |     COPY . .', '  12 | >>> RUN go build -o /bin/apiserver ./backend/src/apiserver', '  13 |     '],
  tail: Array.from({ length: 45 }, (_, index) => `./main.go:${String(index + 1)}:2: undefined: x`),
  timing: timing(0, 0.3, 16),
};

export function report(more: Partial<RunReport> = {}): RunReport {
  return {
    result: { kind: 'published' },
    plan: kfpPlan,
    repository: {
      owner: 'octo-org',
      name: 'pipelines',
      serverUrl: 'https://github.com',
      apiUrl: 'https://api.github.com',
    },
    branch: 'main',
    registryPath: 'registry.example/p/r',
    credentials: 'service account images@p.iam.gserviceaccount.com',
    startedAt: at(-2),
    endedAt: at(30),
    outcomes: kfpOutcomes,
    publication: publication([published('driver', '1'), published('launcher', '2'), published('apiserver', '4')]),
    sizes: new Map([
      ['driver', 25_400_000],
      ['apiserver', 180_123_456],
    ]),
    uploads: new Map(),
    lockFile: 'kfp-images.lock.json',
    warnings: [],
    scans: [],
    ...more,
  };
}
