import { accountIn, authClientOf } from '../../publish/artifactRegistry/authClient';
import type { ApiOptions } from '../../publish/artifactRegistry/client';
import { preflight } from '../../publish/artifactRegistry/preflight';
import type { Hint } from '../../publish/hints/hint';
import { latestTag, setRepository } from '../../publish/tags';
import { openAccess, type Access } from '../../run/access';
import { withHint } from '../../run/hints';
import type { Session } from '../session';
import { bad, good, unknown, type Check, type Finding } from './check';

/** The registry, where a path is given. `endpoint`: where Google's API answers, for tests. */
export function registryChecks(
  given: { readonly registryPath: string; readonly credentialsJson: string },
  session: Pick<Session, 'env' | 'log' | 'signal'>,
  endpoint?: ApiOptions['endpoint'],
): readonly Check[] {
  if (given.registryPath === '') {
    const look = (): Promise<Finding> =>
      Promise.resolve(unknown('not looked at', 'Give --registry-path, and the key with --credentials-json'));
    return [{ name: 'Registry', needed: false, look }];
  }
  const access = openAccess(given, session);
  access.catch(() => undefined);
  return [
    { name: 'Credentials', needed: true, look: async () => good((await access).credentials.describe) },
    { name: 'Registry', needed: true, look: async (signal) => registry(await access, session.env, signal, endpoint) },
  ];
}

async function registry(
  access: Access,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  given: ApiOptions['endpoint'],
): Promise<Finding> {
  const { path, credentials } = access;
  const endpoint = given ?? access.emulator?.artifactRegistry;
  const login = await access.login();
  const authClient = path.kind === 'other' || login === undefined ? undefined : await authClientOf(login);
  if (path.kind === 'other' || authClient === undefined) {
    await access.hasty.head(setRepository(path.full), latestTag).catch((thrown: unknown) => {
      throw withHint(thrown, access, env);
    });
    return good(`${path.full} can be read${path.kind === 'other' ? '' : '; what may be done there was not asked'}`);
  }
  const account = accountIn(credentials.describe);
  const found = await preflight(path, authClient, { account, signal, timeoutMs: 8000, ...(endpoint && { endpoint }) });
  const [first] = [...found.errors, ...found.warnings];
  if (first === undefined) return good(`${path.full}: images can be pushed and tags moved`);
  const mend = [...found.errors, ...found.warnings].flatMap((hint: Hint) => hint.mend);
  return found.errors.length > 0 ? bad(first.cause, ...mend) : unknown(first.cause, ...mend);
}
