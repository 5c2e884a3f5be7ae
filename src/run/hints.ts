import { message, RegistryError } from '../errors';
import { accountIn } from '../publish/artifactRegistry/authClient';
import type { Preflight } from '../publish/artifactRegistry/judge';
import { explainPushFailure } from '../publish/hints/explain';
import { hintLines, troubleshootingPage } from '../publish/hints/hint';
import type { Log } from '../types';
import type { Access } from './access';

/** Tells of what the pre-flight found. Throws RegistryError when the push can't go well: nothing is built for it. */
export function heed(found: Preflight | undefined, log: Log, env: NodeJS.ProcessEnv): void {
  for (const hint of found?.warnings ?? []) log.warning(hintLines(hint, env).join('\n'));
  const errors = found?.errors ?? [];
  if (errors.length === 0) return;
  const lines = errors.flatMap((hint) => hintLines(hint, env));
  throw new RegistryError(`The push can't go well, so nothing was built.\n${lines.join('\n')}`);
}

/** What a registry's refusal means and what mends it; empty: nothing that is known. */
export function pushHint(text: string, { path, credentials }: Access, env: NodeJS.ProcessEnv): readonly string[] {
  const hint = explainPushFailure(text, { path, account: accountIn(credentials.describe) });
  return hint === undefined ? [] : hintLines(hint, env);
}

/** A registry's refusal with what mends it below its own text; anything else as it is. */
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
