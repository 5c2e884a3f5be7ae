/** Milliseconds for people: `0.4 s`, `12 s`, `3 min 5 s`, `1 h 2 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(whole % 60)} s`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}

/** Bytes for people, in powers of 1000 as `docker images` shows them: `980 B`, `1.98 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : String(Number(value.toPrecision(3)))} ${units[unit] ?? 'B'}`;
}

/** `sha256:` and the first twelve digits, as `docker` shows them. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

/** The first twelve digits of a commit, as `git log --oneline` shows about as many. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 12);
}

/** The first few of a list, and how many more there are. */
export function firstFew(items: readonly string[], count: number): string {
  const shown = items.slice(0, count).join(', ');
  const more = items.length - count;
  return more > 0 ? `${shown} and ${String(more)} more` : shown;
}

/** Changed paths that have to be named besides the reason: none where it begins to name them, and counts the rest, itself. */
export function untold(reason: string, changed: readonly string[]): readonly string[] {
  const [first] = changed;
  return first !== undefined && reason.includes(first) ? [] : changed;
}

/** `1 image`, `2 images`. */
export function counted(count: number, one: string): string {
  return `${String(count)} ${one}${count === 1 ? '' : 's'}`;
}
