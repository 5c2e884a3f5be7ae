import { UsageError } from '../../errors';
import type { CredentialSources } from '../credentials';
import { mint } from './accessToken';
import { defaultFile } from './defaultFiles';
import { googleCaller } from './googleCaller';
import { readGoogleFile } from './googleFile';
import { keyTokenLimits, tokenOfKey } from './keyToken';
import { findMetadataServer } from './metadataServer';
import { renewing } from './renewing';
import { secretRegistry } from './secretRegistry';

/** Access to Google's APIs beside registries. */
export interface GoogleToken {
  /** Kind and account, for people; never more. */
  readonly describe: string;
  /** Made right before use, and renewed when it ends. RegistryError when Google refuses. */
  token(): Promise<string>;
}

/**
 * Finds credentials for Google's APIs: the input, else the Application Default Credentials, whatever registry is used beside.
 * UsageError when there are none, or they can't be used. `purpose`: what they are for, for the text.
 */
export async function findGoogleToken(sources: Omit<CredentialSources, 'host'>, purpose: string): Promise<GoogleToken> {
  const { credentialsJson, signal } = sources;
  const env = sources.env ?? process.env;
  const kept = secretRegistry(sources.onSecret);
  const given = credentialsJson.trim() === '' ? undefined : { text: credentialsJson, source: 'credentials-json' };
  const found = given ?? (await defaultFile(env));
  if (found === undefined) {
    const server = await findMetadataServer(env, signal);
    if (server === undefined) throw noneFor(purpose);
    const caller = googleCaller(server.account, { ...sources, onSecret: kept.keep });
    const login = renewing(() => kept.login(server.mint(caller)));
    return { describe: `${server.account} (metadata server)`, token: async () => (await login()).password };
  }
  const file = readGoogleFile(found.text, found.source, env);
  const limits = file.kind === 'service-account-key' ? { ...keyTokenLimits, ...sources.limits } : { ...sources.limits };
  const caller = googleCaller(file.account, { ...sources, limits, onSecret: kept.keep });
  if (file.kind === 'service-account-key') file.secrets.forEach(kept.keep);
  const login = renewing(() =>
    kept.login(file.kind === 'service-account-key' ? tokenOfKey(caller, file) : mint(caller, file)),
  );
  return { describe: `${file.account} (${found.source})`, token: async () => (await login()).password };
}

function noneFor(purpose: string): UsageError {
  return new UsageError(
    `There are no Google credentials for ${purpose}: credentials-json is empty, and this machine has no Application Default Credentials. ` +
      'Give credentials-json, put google-github-actions/auth before this step, or on a terminal run: gcloud auth application-default login.',
  );
}
