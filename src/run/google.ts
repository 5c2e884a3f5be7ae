import { message, RegistryError } from '../errors';
import { accountIn, authClientOf } from '../google/artifactRegistry/authClient';
import type { ApiOptions } from '../google/artifactRegistry/client';
import { explainPushFailure } from '../google/hints/explain';
import { hintLines, troubleshootingPage } from '../google/hints/hint';
import type { GoogleRegistryPath } from '../google/registryPath';
import type { Access } from './access';

/** Google's API about the place where a run's images go. */
export interface GoogleApi {
  readonly path: GoogleRegistryPath;
  readonly authClient: NonNullable<Awaited<ReturnType<typeof authClientOf>>>;
  readonly options: Pick<ApiOptions, 'endpoint' | 'signal'>;
}

/**
 * Google's API for a run, with a token that is good now; its code is loaded only here. undefined: not Google's registry, or a login that
 * the API does not take. Rejects where no token can be obtained.
 */
export async function googleApi(access: Access, signal: AbortSignal): Promise<GoogleApi | undefined> {
  const { path, emulator } = access;
  if (path.kind === 'other') return undefined;
  const login = await access.login();
  const authClient = login === undefined ? undefined : await authClientOf(login);
  if (authClient === undefined) return undefined;
  // What is on this machine is slow when the machine is busy, and not because it is far.
  const local = emulator && { endpoint: emulator.artifactRegistry, timeoutMs: 60_000 };
  return { path, authClient, options: { signal, ...local } };
}

/** What a registry's refusal means and what fixes it; empty: nothing that is known. */
export function pushHint(
  text: string,
  { path, pushHost, credentials }: Access,
  env: NodeJS.ProcessEnv,
): readonly string[] {
  const hint = explainPushFailure(text, {
    path: { ...path, host: pushHost },
    account: accountIn(credentials.describe),
  });
  return hint === undefined ? [] : hintLines(hint, env);
}

/** A registry's refusal with what fixes it below its own text; anything else as it is. */
export function withHint(thrown: unknown, access: Access | undefined, env: NodeJS.ProcessEnv): unknown {
  if (!(thrown instanceof RegistryError) || access === undefined) return thrown;
  // What was explained where it was thrown is not explained again.
  if (message(thrown).includes(troubleshootingPage)) return thrown;
  const lines = pushHint(message(thrown), access, env);
  if (lines.length === 0) return thrown;
  const { status, codes, host, repository } = thrown;
  const text = `${message(thrown)}\n${lines.join('\n')}`;
  return new RegistryError(text, {
    ...(status === undefined ? {} : { status }),
    codes,
    host,
    repository,
    cause: thrown,
  });
}
