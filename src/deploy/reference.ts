/** The digest that a reference ends with, `sha256:…`; undefined: it names a tag, which can move, or nothing. */
export function digestIn(reference: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
}

/**
 * Do two references name the same bits? An admission webhook may rewrite the registry of what a Deployment or a pod names (a mirror, a
 * pull-through cache): the digest stays, and it says what runs.
 */
export function isSameImage(one: string, other: string): boolean {
  if (one === other) return true;
  const digest = digestIn(one);
  return digest !== undefined && digest === digestIn(other);
}
