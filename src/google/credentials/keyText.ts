import { UsageError } from '../../errors';

/** A credentials file's content: its text as it has to be handed on, and what is in it. */
export interface KeyText {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** No key is near: a service account's has 2.4 kB. */
const longest = 100_000;

/**
 * Reads credentials given as JSON or as base64 of it (blanks and line ends in it are fine). `source` names the input or
 * file. Throws UsageError with the fix for every way in which keys are commonly broken; never with a part of the text.
 */
export function readKeyText(input: string, source: string): KeyText {
  const text = input.replace(/^\ufeff/, '').trim();
  if (text.length > longest)
    throw invalidCredentials(
      source,
      `it has ${text.length} characters, more than any key`,
      'Give the content of one key file',
    );
  if (text.startsWith('{')) return { text, json: parse(text, source) };
  const compact = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(compact)) throw neither(text, source);
  const decoded = Buffer.from(compact, 'base64')
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  if (decoded.startsWith('{')) return { text: decoded, json: parse(decoded, `${source} (decoded from base64)`) };
  const twice = Buffer.from(decoded, 'base64').toString('utf8').trimStart().startsWith('{');
  if (twice) throw invalidCredentials(source, 'it is base64 of base64', 'Encode it once, or give the JSON itself');
  throw neither(text, source);
}

function parse(text: string, source: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    // It starts with a brace, so it is an object; nothing of its text gets into an error.
    return json as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw invalidJson(text, source, error instanceof SyntaxError ? error.message : '');
  }
}

function invalidJson(text: string, source: string, why: string): UsageError {
  if (!text.endsWith('}')) {
    return invalidCredentials(source, 'it is cut off: the closing brace is missing', 'Give the whole file');
  }
  if (/control character/i.test(why)) {
    const fix =
      'Give the file as it was downloaded, where they read \\n, for example by: gh secret set GCP_SA_KEY --repo OWNER/REPOSITORY < key.json';
    return invalidCredentials(source, 'it holds real line ends within private_key', fix);
  }
  const fix =
    'Give the file as it was downloaded (a shell may have taken its quotes), or base64 of it: base64 -w0 key.json';
  return invalidCredentials(source, 'it is not JSON, though it starts as such', fix);
}

function neither(text: string, source: string): UsageError {
  const whole = 'Give the whole JSON file of the key, or base64 of it';
  if (text.startsWith('-----BEGIN')) return invalidCredentials(source, 'it is the private key alone', whole);
  if (/^ya29\./.test(text)) return invalidCredentials(source, 'it is an access token, not a key', whole);
  if (/^["']/.test(text)) return invalidCredentials(source, 'it is in quotes', 'Leave them out');
  if (/^(?:\.{0,2}\/|~|[A-Za-z]:\\)|\.json$/.test(text)) {
    return invalidCredentials(
      source,
      'it is the name of a file',
      'Give what is in the file, for example "$(cat key.json)"',
    );
  }
  return invalidCredentials(source, 'it is neither JSON nor base64 of it', whole);
}

/** `source` can't be used: what is wrong, and the fix; both without a full stop. */
export function invalidCredentials(source: string, why: string, fix: string): UsageError {
  return new UsageError(`${source} can't be used: ${why}. ${fix}.`);
}
