/** RFC 3339 in UTC of seconds since the epoch: `2026-01-05T12:00:00Z`. */
export function rfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
