import { UsageError, message } from '../../errors';
import { readSecretFile } from '../../system/boundedFile';
import { quoted } from '../../system/quoted';

/** A user and a password for a registry. */
export interface Key {
  readonly username: string;
  readonly password: string;
}

/**
 * Reads the key from a file, or standard input for `-`. Without a user name it is a service account key (JSON, or base64 of it), which
 * Artifact Registry takes as password of the user `_json_key`
 * (https://cloud.google.com/artifact-registry/docs/docker/authentication#json-key); with one it is that user's password.
 * Throws UsageError; what was read is never part of a message.
 */
export function readKey(file: string, username: string | undefined): Key {
  if (file === '') throw new UsageError('--key FILE names the file with the key; - reads standard input.');
  if (file.length > 1024 || /^\s*[{[]/.test(file)) {
    throw new UsageError(
      '--key takes the path of a file, and what was given looks like the key itself. Every process of this machine can read arguments: ' +
        'write it to a file, or pipe it in with --key -. Treat the one given as known to others.',
    );
  }
  const text = read(file).trim();
  if (text === '') throw new UsageError(`--key ${quoted(file)} is empty.`);
  if (username !== undefined && username !== '_json_key') return { username, password: text };
  const json = text.startsWith('{') ? text : Buffer.from(text, 'base64').toString('utf8');
  if (!isServiceAccountKey(json)) {
    throw new UsageError(
      `--key ${quoted(file)} is not a service account key (JSON, or base64 of it). For another registry give --username too; the file then holds the password.`,
    );
  }
  return { username: '_json_key', password: json };
}

function read(file: string): string {
  try {
    return readSecretFile(file, '--key: the file');
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(
      `--key: the file can't be read (${message(cause)}). Give the path of a file, or - for standard input.`,
    );
  }
}

function isServiceAccountKey(text: string): boolean {
  try {
    const json: unknown = JSON.parse(text);
    return (
      typeof json === 'object' &&
      json !== null &&
      'type' in json &&
      json.type === 'service_account' &&
      'private_key' in json
    );
  } catch {
    return false;
  }
}
