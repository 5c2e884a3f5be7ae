import { accountIn, authClientOf } from '../publish/artifactRegistry/authClient';
import type { ApiOptions } from '../publish/artifactRegistry/client';
import type { Preflight } from '../publish/artifactRegistry/judge';
import type { GoogleRegistryPath } from '../publish/reference';
import type { Access } from './access';

/** Google's API about the place where a run's images go. */
export interface GoogleApi {
  readonly path: GoogleRegistryPath;
  readonly authClient: NonNullable<Awaited<ReturnType<typeof authClientOf>>>;
  readonly options: Pick<ApiOptions, 'endpoint' | 'signal'>;
}

/**
 * Google's API for a run, with a token that is good now; its code is loaded only here. undefined: not Google's registry, or a login that
 * the API does not take. Rejects where there is no token to be had.
 */
export async function googleApi(access: Access, signal: AbortSignal): Promise<GoogleApi | undefined> {
  const { path, emulator } = access;
  if (path.kind === 'other') return undefined;
  const login = await access.login();
  const authClient = login === undefined ? undefined : await authClientOf(login);
  if (authClient === undefined) return undefined;
  return { path, authClient, options: { signal, ...(emulator && { endpoint: emulator.artifactRegistry }) } };
}

/**
 * Asks Google, where images go there, whether the push can go well; to be awaited before the first build.
 * Never rejects: what can't be asked is found out by the push. undefined: it could not be asked.
 */
export async function askGoogle(
  access: Access,
  movesTags: boolean,
  signal: AbortSignal,
): Promise<Preflight | undefined> {
  try {
    const api = await googleApi(access, signal);
    if (api === undefined) return undefined;
    const { preflight } = await import('../publish/artifactRegistry/preflight');
    const account = accountIn(access.credentials.describe);
    // What is on this machine is slow when the machine is busy, and not because it is far.
    const patience = access.emulator === undefined ? {} : { timeoutMs: 10_000 };
    return await preflight(api.path, api.authClient, { ...api.options, ...patience, account, movesTags });
  } catch {
    return undefined;
  }
}
