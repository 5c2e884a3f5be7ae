import { createHash } from 'node:crypto';

/*
 * An installed file begins with a line that names the sha256 of the rest. So a later `init` can tell a file that nobody has
 * touched, which it may replace by the newer version, from one that somebody has made their own.
 */

const first = /^# Installed by kfp-images init \(sha256:([0-9a-f]{64})\)[^\n]*\n/;

/** The text of an installed file. */
export function seal(body: string): string {
  return `# Installed by kfp-images init (sha256:${digest(body)}); a later init replaces it if it was not changed.\n${body}`;
}

/** Is this a file that `init` wrote and nobody has changed since? Line ends may have been changed by git. */
export function isUntouched(text: string): boolean {
  const unix = text.replaceAll('\r\n', '\n');
  const named = first.exec(unix);
  return named !== null && named[1] === digest(unix.slice(named[0].length));
}

/** Was this file, changed or not, installed by `init`? */
export function isInstalled(text: string): boolean {
  return first.test(text.replaceAll('\r\n', '\n'));
}

function digest(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
