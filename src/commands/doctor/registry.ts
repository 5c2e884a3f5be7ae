import { accountIn, authClientOf } from '../../google/artifactRegistry/authClient';
import type { ApiOptions } from '../../google/artifactRegistry/client';
import { preflight } from '../../google/artifactRegistry/preflight';
import type { Hint } from '../../google/hints/hint';
import { openAttachments } from '../../oci/attachments';
import { listStatements, type AttachedStatement } from '../../publish/attest/attached';
import { provenanceType, standingTypes } from '../../publish/attest/statement';
import { readSet } from '../../publish/setArtifact';
import { latestTag, setRepository } from '../../publish/tags';
import { shortCommit } from '../../report/format';
import { openAccess, type Access } from '../../run/access';
import { withHint } from '../../run/google';
import type { Session } from '../session';
import { bad, good, unknown, type Check, type Finding } from './check';

/** The registry, where a path is given. `endpoint`: where Google's API answers, for tests. */
export function registryChecks(
  given: Parameters<typeof openAccess>[0],
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
    { name: 'Signatures', needed: false, look: async () => signatures(await access) },
  ];
}

/** Has the newest set provenance and signatures, and each of its images? A set of which a part is signed deserves a look. */
async function signatures({ path, bestEffort }: Access): Promise<Finding> {
  const sets = setRepository(path.full);
  const found = await readSet(bestEffort, sets, latestTag);
  if (typeof found !== 'object') return unknown('there is no set yet to look at');
  const attachments = openAttachments(bestEffort);
  const subjects = [{ repository: sets, digest: found.digest }, ...Object.values(found.lock.images)];
  const statements = await Promise.all(
    subjects.map(({ repository, digest }) => listStatements(attachments, repository, digest)),
  );
  const count = (has: (each: AttachedStatement) => boolean): number =>
    statements.filter((each) => each.some(has)).length;
  const signed = count(({ isSigned, predicateType }) => isSigned && standingTypes.has(predicateType));
  const proven = count(({ predicateType }) => predicateType === provenanceType);
  const of = (number: number): string => (number === 0 ? 'none' : `${number} of ${subjects.length}`);
  const text = `the newest set (${shortCommit(found.lock.commit)}): provenance ${of(proven)}, signatures ${of(signed)}`;
  return signed === 0 || signed === subjects.length
    ? good(`${text}${signed === 0 ? '' : '; kfp-images verify --require-signature WHO checks them'}`)
    : bad(text, 'Run its build again: what is signed already stays as it is');
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
    await access.bestEffort.head(setRepository(path.full), latestTag).catch((thrown: unknown) => {
      throw withHint(thrown, access, env);
    });
    return good(`${path.full} can be read${path.kind === 'other' ? '' : '; what may be done there was not asked'}`);
  }
  const account = accountIn(credentials.describe);
  const found = await preflight(path, authClient, {
    account,
    signal,
    timeoutMs: 25_000,
    ...(endpoint && { endpoint }),
  });
  const [first] = [...found.errors, ...found.warnings];
  if (first === undefined) return good(`${path.full}: images can be pushed and tags moved`);
  const fix = [...found.errors, ...found.warnings].flatMap((hint: Hint) => hint.fix);
  return found.errors.length > 0 ? bad(first.cause, ...fix) : unknown(first.cause, ...fix);
}
