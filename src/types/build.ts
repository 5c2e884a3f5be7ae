/** A child process as data, so that a dry run can print what a real run executes. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables of this process that the child must not see. */
  readonly unset?: readonly string[];
  /** Variables that children don't see otherwise, and this one must: see system/childEnvironment.ts. */
  readonly needs?: readonly string[];
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
}

/** What a builder tells while it works, one image at a time. Times are milliseconds since the epoch. */
export type BuildEvent =
  | {
      readonly kind: 'step';
      /** Digest of BuildKit's vertex. */
      readonly id: string;
      /** `[builder 3/5] RUN go build …` */
      readonly name: string;
      readonly state: 'running' | 'done' | 'cached' | 'failed';
      readonly startedAt: number | undefined;
      readonly endedAt: number | undefined;
      readonly error: string | undefined;
    }
  | { readonly kind: 'log'; readonly id: string; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string; readonly at: SourcePosition | undefined };

export interface SourcePosition {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column?: number;
}

/** Time spent on one image, for the timeline. Milliseconds since the epoch; undefined: did not happen. */
export interface Timing {
  readonly queuedAt: number;
  readonly startedAt: number | undefined;
  readonly builtAt: number | undefined;
  readonly pushedAt: number | undefined;
  readonly boundAt: number | undefined;
  readonly steps: number;
  readonly cachedSteps: number;
}

interface ImageOutcome {
  readonly name: string;
  /** Absolute path of the image's whole log; undefined: nothing was built, or it could not be written. */
  readonly logFile?: string;
}

/** An image that is in the registry, or in the engine. */
interface ImageMade extends ImageOutcome {
  /** `sha256:…` of the manifest (or index), before binding. */
  readonly digest: string;
  /** The same after binding; undefined: it binds nothing, or is not bound yet. */
  readonly bound?: string;
  readonly timing: Timing;
}

/** How the work on one image ended. */
export type BuildOutcome =
  | (ImageMade & { readonly kind: 'built' })
  | (ImageMade & { readonly kind: 'reused' })
  | (ImageOutcome & {
      readonly kind: 'failed';
      readonly message: string;
      readonly at: SourcePosition | undefined;
      /** Last lines of the failing step. */
      readonly tail: readonly string[];
      /** Name of the failing step: `[builder 3/5] RUN …`. */
      readonly step?: string;
      /** The lines of the Dockerfile around `at`, with their numbers, the failing ones marked with `>>>`. */
      readonly excerpt?: readonly string[];
      readonly timing: Timing;
    })
  /** What it binds or is built on failed, so it is not published. */
  | (ImageOutcome & { readonly kind: 'blocked'; readonly by: readonly string[] })
  | (ImageOutcome & { readonly kind: 'cancelled' });

/** Notified of every image's progress; the report stage shows it. Methods must not throw. */
export interface BuildObserver {
  queued(image: string): void;
  started(image: string): void;
  event(image: string, event: BuildEvent): void;
  finished(outcome: BuildOutcome): void | Promise<void>;
}
