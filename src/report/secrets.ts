/** Shorter text is too common to be hidden: it would black out the whole log. */
const SHORTEST = 4;
/** Shortest line of a secret of several lines, and shortest piece of base64, that is hidden by itself: `{` and `}` are not secrets. */
const SHORTEST_PIECE = 12;
/** Fields of Google's credential files that are secret: https://google.aip.dev/auth/4112, https://google.aip.dev/auth/4113 */
const SECRET_FIELDS = ['private_key', 'private_key_id', 'client_secret', 'refresh_token', 'access_token', 'token'];

/** Every secret this process knows of, and text without them. */
export class Secrets {
  readonly #pieces = new Set<string>();
  /** Pieces by the hash of their first four characters, and which hashes there are: nearly every place is passed over at once. */
  readonly #byStart = new Map<number, string[]>();
  readonly #starts = new Uint8Array(0x10000);
  #longest = 0;

  /** Length of the longest text that is hidden: who cuts text must look that far ahead. */
  get longest(): number {
    return this.#longest;
  }

  /**
   * From now on the secret is hidden, line by line, also as base64 (alone or inside something longer), in JSON and in an
   * address; of a JSON document the secret fields too. Gives the pieces that are new. Text of fewer than four characters is
   * not hidden.
   */
  add(secret: string): readonly string[] {
    const fresh = pieces(secret).filter((piece) => !this.#pieces.has(piece));
    for (const piece of fresh) {
      const start = hash(piece, 0);
      this.#pieces.add(piece);
      this.#starts[start] = 1;
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), piece]);
      this.#longest = Math.max(this.#longest, piece.length);
    }
    return fresh;
  }

  /** The text with `***` for every secret in it; where secrets touch or overlap, for all of them together. */
  redact(text: string): string {
    if (this.#pieces.size === 0) return text;
    let out = '';
    let done = 0;
    // The secret being hidden, from start to end; end is -1 before the first.
    let start = 0;
    let end = -1;
    for (let at = 0; at + SHORTEST <= text.length; at++) {
      const start4 = hash(text, at);
      if (this.#starts[start4] !== 1) continue;
      for (const piece of this.#byStart.get(start4) ?? []) {
        if (!text.startsWith(piece, at)) continue;
        if (at > end) {
          if (end !== -1) out += `${text.slice(done, start)}***`;
          if (end !== -1) done = end;
          start = at;
        }
        end = Math.max(end, at + piece.length);
      }
    }
    return end === -1 ? text : `${out}${text.slice(done, start)}***${text.slice(end)}`;
  }

  /** Plain data (objects, arrays, maps) with every text in it redacted; the shape stays, so does the type. */
  redactAll<T>(data: T): T {
    return this.#copy(data) as T;
  }

  #copy(data: unknown): unknown {
    if (typeof data === 'string') return this.redact(data);
    if (Array.isArray(data)) return data.map((each) => this.#copy(each));
    if (data instanceof Map) return new Map([...data].map(([key, value]) => [this.#copy(key), this.#copy(value)]));
    if (typeof data !== 'object' || data === null || data instanceof Error) return data;
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, this.#copy(value)]));
  }
}

/** 16 bits of the four characters at a place. */
function hash(text: string, at: number): number {
  const bits =
    text.charCodeAt(at) +
    text.charCodeAt(at + 1) * 0x61 +
    text.charCodeAt(at + 2) * 0x3d09 +
    text.charCodeAt(at + 3) * 0x9e3779;
  return (bits ^ (bits >>> 13)) & 0xffff;
}

/** All texts by which a secret could be read in a log; none holds a line break. */
function pieces(secret: string): readonly string[] {
  const whole = secret.trim();
  if (whole.length < SHORTEST) return [];
  const found = new Set<string>();
  for (const value of [whole, ...secretFields(whole)]) {
    const lines = value.split(/[\r\n]+/).map((line) => line.trim());
    for (const line of lines) {
      if (line.length < (lines.length === 1 ? SHORTEST : SHORTEST_PIECE)) continue;
      found.add(line);
      found.add(JSON.stringify(line).slice(1, -1));
      if (line.isWellFormed()) found.add(encodeURIComponent(line));
    }
    for (const form of base64Forms(value)) if (form.length >= SHORTEST_PIECE || lines.length === 1) found.add(form);
  }
  return [...found].filter((piece) => piece.length >= SHORTEST);
}

/**
 * Base64 of the text as it stands alone (also in lines of 64 or 76 characters, and for addresses) and the part of it that is
 * the same wherever the text is inside something longer, as in the `auth` of a Docker configuration.
 */
function base64Forms(text: string): readonly string[] {
  const forms: string[] = [];
  for (const lead of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(lead), Buffer.from(text)]).toString('base64');
    // The first character(s) also hold bits of what is before, the last one bits of what follows.
    const first = lead === 0 ? 0 : lead + 1;
    const loose = encoded.replace(/=+$/, '');
    const core = loose.slice(first, encoded.length === loose.length ? undefined : -1);
    if (core.length >= 2 * SHORTEST) forms.push(core, core.replaceAll('+', '-').replaceAll('/', '_'));
    if (lead === 0) forms.push(encoded, loose, ...wrapped(encoded, 64), ...wrapped(encoded, 76));
  }
  return forms;
}

function wrapped(text: string, width: number): readonly string[] {
  if (text.length <= width) return [];
  return (text.match(new RegExp(`.{1,${String(width)}}`, 'g')) ?? []).filter((line) => line.length >= SHORTEST_PIECE);
}

/**
 * What of a secret a runner has to mask: its lines, of a JSON document the lines of its secret fields and, where it is on one line,
 * the whole. Base64 at any place, JSON's and an address's way of writing a line it works out itself for each value:
 * https://github.com/actions/runner/blob/main/src/Runner.Common/HostContext.cs
 */
export function runnerMasks(secret: string): readonly string[] {
  const whole = secret.trim();
  const fields = secretFields(whole);
  const values = fields.length === 0 || !/[\r\n]/.test(whole) ? [whole, ...fields] : fields;
  const lines = values.flatMap((value) => {
    const parts = value.split(/[\r\n]+/).map((line) => line.trim());
    return parts.filter((line) => line.length >= (parts.length === 1 ? SHORTEST : SHORTEST_PIECE));
  });
  // The PEM's own frame is not a secret.
  return [...new Set(lines)].filter((line) => !/^-----[A-Z ]+-----$/.test(line));
}

function secretFields(text: string): readonly string[] {
  if (!text.startsWith('{')) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return [];
    const fields = new Map<string, unknown>(Object.entries(parsed));
    return SECRET_FIELDS.map((name) => fields.get(name)).filter(
      (value) => typeof value === 'string' && value !== '',
    ) as string[];
  } catch {
    return [];
  }
}
