import { relative, resolve } from 'node:path';
import type { Preflight } from '../publish/artifactRegistry/judge';
import type { RunReport, RunResult } from '../report/runReport';
import type { LockFile, Publication, Selection } from '../types';
import type { Access } from './access';
import type { RunRequest } from './context';
import type { Decision } from './decide';
import type { Product } from './produce';
import type { Pushed } from './pushed';
import type { Source } from './source';

/** How a run ended: what the summary tells, and what the outputs and the exit status come from. */
export interface RunEnd {
  readonly report: RunReport;
  readonly selection: Selection | undefined;
  readonly lock: LockFile | undefined;
  /** Absolute path. */
  readonly lockFile: string | undefined;
  /** What made it fail; undefined: nothing did. */
  readonly error: unknown;
}

/** What is known of a run so far; its report is made from it wherever it ends. */
export interface Known {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  selection?: Selection;
  source?: Source;
  access?: Access | undefined;
  preflight?: Preflight | undefined;
  decision?: Decision;
  product?: Product;
  publication?: Publication;
  pushed?: Pushed;
  lock?: LockFile;
  lockFile?: string;
}

/** The end of a run of which so much is known. */
export function endOf({ inputs, event }: RunRequest, known: Known, result: RunResult, error: unknown): RunEnd {
  const { decision, access, product, publication, source, pushed } = known;
  const report: RunReport = {
    result,
    plan: decision?.plan,
    repository: event.repository,
    branch: event.branch ?? source?.branch,
    registryPath: access?.path.full,
    credentials: access?.credentials.describe,
    startedAt: known.startedAt,
    endedAt: Date.now(),
    outcomes: product?.outcomes ?? [],
    publication,
    sizes: pushed?.sizes ?? new Map(),
    uploads: pushed?.uploads ?? new Map(),
    lockFile: known.lockFile === undefined ? undefined : relative(resolve(inputs.workingDirectory), known.lockFile),
    warnings: known.selection?.warnings ?? [],
    scans: pushed?.scans ?? [],
  };
  return { report, selection: known.selection, lock: known.lock, lockFile: known.lockFile, error };
}
