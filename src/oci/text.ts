const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g;

/** Text of a registry as one printable line of at most `longest` characters. */
export function printable(text: string, longest = 300): string {
  const line = text
    .slice(0, longest * 4)
    .replace(unprintable, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

/** Replaces every secret in a text by stars. Short ones are left: they would make the text unreadable and hide nothing. */
export function withoutSecrets(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= 6) clean = clean.replaceAll(secret, '***');
  return clean;
}
