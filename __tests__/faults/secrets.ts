/** Shorter pieces of base64 could be chance. */
const shortest = 20;

/** Finds pieces of secrets in text, byte by byte, also of their base64 forms, at whatever offset they were encoded. */
export class SecretSearch {
  private readonly pieces = new Set<string>();

  /** Everything of `secret` counts: give it without what is public (a key file has an e-mail address, too). */
  add(secret: string): void {
    const bytes = Buffer.from(secret, 'utf8');
    const forms = [0, 1, 2].flatMap((offset) => {
      // Base64 of three bytes is four characters: a piece looks alike only at the same offset. The ends mix with their neighbours.
      const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
      return [shifted.toString('base64').slice(4, -4), shifted.toString('base64url').slice(4, -4)];
    });
    for (const form of [secret, ...forms]) {
      for (let start = 0; start + shortest <= form.length; start++)
        this.pieces.add(form.slice(start, start + shortest));
    }
  }

  /** The first piece found; undefined: clean. */
  find(haystack: string | Buffer): string | undefined {
    const text = typeof haystack === 'string' ? haystack : haystack.toString('latin1');
    for (let start = 0; start + shortest <= text.length; start++) {
      const piece = text.slice(start, start + shortest);
      if (this.pieces.has(piece)) return piece;
    }
    return undefined;
  }
}
