import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../errors';
import { endRecordedGroup, identify, liveness, type ProcessIdentity } from './processes';

/** The private folder of one run (mode 0700), outside the workspace, so that nothing of it can enter an image. */
export interface Scratch {
  readonly folder: string;
  /** The commit's files; the build's working directory. */
  readonly tree: string;
  /** DOCKER_CONFIG of this run. Every child of ours has it in its environment, which proves later that it is ours. */
  readonly docker: string;
  /** Rewritten Dockerfiles, a folder for each image. */
  readonly dockerfiles: string;
  /** What buildx writes with `--metadata-file`. */
  readonly metadata: string;
  readonly logs: string;
}

const prefix = 'kfp-images-';
const hour = 3_600_000;
const own = new Set<string>();

/** Where scratch folders are by default: RUNNER_TEMP (emptied by the runner before and after each job), else the system's. */
export function scratchBase(env: NodeJS.ProcessEnv = process.env): string {
  return env['RUNNER_TEMP'] || tmpdir();
}

/**
 * Makes the run's folder under `base` and notes our process in it. EnvironmentError when `base` can't be written.
 */
export function createScratch(base: string): Scratch {
  try {
    const scratch = scratchFolders(mkdtempSync(join(base, prefix)));
    own.add(scratch.folder);
    const owner = identify(process.pid);
    if (owner !== undefined) writeFileSync(join(scratch.folder, 'owner'), `${JSON.stringify(owner)}\n`);
    for (const folder of [scratch.tree, scratch.docker, scratch.dockerfiles, scratch.metadata, scratch.logs]) {
      mkdirSync(folder, { mode: 0o700 });
    }
    return scratch;
  } catch (cause) {
    throw new EnvironmentError(
      `No private folder can be made in ${base}. Free some space there, or set RUNNER_TEMP (TMPDIR on a terminal) to a folder that can be written.`,
      { cause },
    );
  }
}

/** Notes a child's process group (for `onStart` of exec's `stream`), so that it can be ended even after we were killed. */
export function recordGroup(scratch: Scratch, processGroup: number): void {
  const identity = identify(processGroup);
  if (identity === undefined) return;
  try {
    appendFileSync(join(scratch.folder, 'groups'), `${JSON.stringify(identity)}\n`);
  } catch {
    // A full disk must not end a build that runs.
  }
}

/** Ends what still runs of the folder's recorded process groups, then removes the folder. Never throws; gives false when something stayed. */
export function removeScratch(folder: string): boolean {
  for (const group of records(join(folder, 'groups'))) endRecordedGroup(group, folder);
  try {
    // One call in C++: 0.15 s for the 4400 files of kubeflow/pipelines.
    rmSync(folder, { recursive: true, force: true, maxRetries: 2, retryDelay: 50 });
    own.delete(folder);
    return true;
  } catch {
    return false;
  }
}

/** Removes all folders that this process made and still has. */
export function removeOwn(): void {
  for (const folder of own) removeScratch(folder);
}

/**
 * Removes what runs that were killed (SIGKILL, out of memory, power) left in `base`: their children, their credentials, their
 * trees. Only folders of this user whose owner has certainly ended. Gives the folders removed.
 */
export function removeStale(base: string, now: number = Date.now()): readonly string[] {
  return candidates(base).filter((folder) => isStale(folder, now) && removeScratch(folder));
}

/** Where things are in a scratch folder, whether it is there or not. */
export function scratchFolders(folder: string): Scratch {
  return {
    folder,
    tree: join(folder, 'tree'),
    docker: join(folder, 'docker'),
    dockerfiles: join(folder, 'dockerfiles'),
    metadata: join(folder, 'metadata'),
    logs: join(folder, 'logs'),
  };
}

function candidates(base: string): readonly string[] {
  try {
    return readdirSync(base)
      .filter((name) => /^kfp-images-[A-Za-z0-9]{6}$/.test(name))
      .map((name) => join(base, name));
  } catch {
    return [];
  }
}

function isStale(folder: string, now: number): boolean {
  try {
    const about = lstatSync(folder);
    // In a shared /tmp anyone can make such a name.
    if (!about.isDirectory() || about.uid !== process.getuid?.()) return false;
    const [owner] = records(join(folder, 'owner'));
    // Without a readable record it is either being made right now or was left half made.
    return owner === undefined ? now - about.mtimeMs > hour : liveness(owner) === 'ended';
  } catch {
    return false;
  }
}

function records(file: string): readonly ProcessIdentity[] {
  try {
    return readFileSync(file, 'utf8').split('\n').flatMap(record);
  } catch {
    return [];
  }
}

function record(line: string): readonly ProcessIdentity[] {
  try {
    const value: unknown = JSON.parse(line);
    return isIdentity(value) ? [value] : [];
  } catch {
    return [];
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, started, boot, namespace } = value as Partial<Record<keyof ProcessIdentity, unknown>>;
  const texts = [started, boot, namespace].every((text) => typeof text === 'string');
  return texts && typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0;
}
