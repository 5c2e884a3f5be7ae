import { UsageError } from '../errors';
import { quoted } from '../system/quoted';
import type { Repository } from '../types';

/** A process environment. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What a runner's environment says about the run. */
export interface Runner {
  readonly event: string;
  readonly eventFile: string;
  /** 40 hex digits. */
  readonly sha: string;
  /** `refs/heads/…`, `refs/tags/…`, `refs/pull/…`; empty when there is none. */
  readonly ref: string;
  readonly repository: Repository | undefined;
  /** Is it a later attempt of the same run? */
  readonly isRepeated: boolean;
}

/**
 * Reads the variables that GitHub sets for each step
 * (https://docs.github.com/actions/reference/workflows-and-actions/variables#default-environment-variables).
 * Throws UsageError for one that is missing or can't be right.
 */
export function readRunner(env: Env): Runner {
  const sha = needed(env, 'GITHUB_SHA');
  if (!/^[0-9a-f]{40}$/i.test(sha)) {
    throw new UsageError(`GITHUB_SHA is ${quoted(sha)}, not a commit id of 40 hexadecimal digits`);
  }
  return {
    event: needed(env, 'GITHUB_EVENT_NAME'),
    eventFile: needed(env, 'GITHUB_EVENT_PATH'),
    sha: sha.toLowerCase(),
    ref: env['GITHUB_REF'] ?? '',
    repository: readRepository(env),
    isRepeated: Number(env['GITHUB_RUN_ATTEMPT'] ?? 1) > 1,
  };
}

/** Branch of a full ref; undefined for tags, pull requests and anything else. */
export function branchOf(ref: string): string | undefined {
  const [, branch] = /^refs\/heads\/(.+)$/s.exec(ref) ?? [];
  return branch;
}

/** The repository that the run belongs to, and where its API answers; undefined when GITHUB_REPOSITORY is not set. */
export function readRepository(env: Env): Repository | undefined {
  const full = env['GITHUB_REPOSITORY'] ?? '';
  if (full === '') return undefined;
  const [, owner, name] = /^([A-Za-z0-9_.-]+)\/([A-Za-z0-9_.-]+)$/.exec(full) ?? [];
  if (owner === undefined || name === undefined) {
    throw new UsageError(`GITHUB_REPOSITORY is ${quoted(full)}, not OWNER/NAME`);
  }
  return {
    owner,
    name,
    serverUrl: url(env, 'GITHUB_SERVER_URL', 'https://github.com'),
    apiUrl: url(env, 'GITHUB_API_URL', 'https://api.github.com'),
  };
}

function needed(env: Env, name: string): string {
  const value = env[name] ?? '';
  if (value !== '') return value;
  throw new UsageError(
    `${name} is not set: this is the entry of a GitHub Action; on a terminal use the command kfp-images`,
  );
}

function url(env: Env, name: string, otherwise: string): string {
  const value = env[name] ?? '';
  if (value === '') return otherwise;
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.search !== '') {
    throw new UsageError(`${name} is ${quoted(value)}, not an http or https address`);
  }
  return value.replace(/\/{1,9}$/, '');
}
