import { homedir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, UsageError } from '../../errors';
import { readBounded } from '../../system/boundedFile';
import { bounds } from '../../system/bounds';

/** A credentials file of the environment: its text, and what names it. */
interface DefaultFile {
  readonly text: string;
  /** `GOOGLE_APPLICATION_CREDENTIALS`, … */
  readonly source: string;
}

/**
 * The file of the Application Default Credentials: what google-github-actions/auth left, what the environment names, what
 * gcloud keeps: https://cloud.google.com/docs/authentication/application-default-credentials#order
 * undefined: none. EnvironmentError when a variable names a file that can't be read.
 */
export async function defaultFile(env: NodeJS.ProcessEnv): Promise<DefaultFile | undefined> {
  for (const source of ['GOOGLE_GHA_CREDS_PATH', 'GOOGLE_APPLICATION_CREDENTIALS']) {
    const path = env[source];
    if (path) return { source, text: await textOf(path, source) };
  }
  const folder = env['CLOUDSDK_CONFIG'] || join(env['HOME'] || homedir(), '.config', 'gcloud');
  const file = join(folder, 'application_default_credentials.json');
  const text = await readBounded(file, bounds.configurationFile, file).catch(() => undefined);
  return text === undefined ? undefined : { source: 'gcloud', text };
}

async function textOf(path: string, source: string): Promise<string> {
  try {
    return await readBounded(path, bounds.configurationFile, `The file ${path} that ${source} names`);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const isGone = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const fix = isGone
      ? 'If google-github-actions/auth made it, a later actions/checkout removed it: put the step with auth behind the one with checkout'
      : 'Give yourself the right to';
    throw new EnvironmentError(
      `${source} names a file that ${isGone ? 'is not there' : "can't be read"}: ${path}. ${fix}.`,
      { cause },
    );
  }
}
