/*
 * What a Go binary says of how it was made. The linker leaves it within the file, so that neither Go nor symbols are needed to read it:
 * https://pkg.go.dev/debug/buildinfo, https://pkg.go.dev/runtime/debug#BuildInfo
 */

/** A module in a binary. */
export interface GoModule {
  readonly path: string;
  /** `(devel)` for one that was built where it lay; empty: it has none. */
  readonly version: string;
  /** `h1:…`, as in go.sum; empty: it has none. */
  readonly sum: string;
}

export interface GoBuildInfo {
  /** `go1.24.1` */
  readonly goVersion: string;
  /** Of the main package; empty: not said. */
  readonly path: string;
  readonly main: GoModule | undefined;
  /** What is in it, replacements in the place of what they replace. */
  readonly modules: readonly GoModule[];
}

const elf = Buffer.from('\x7fELF', 'latin1');
const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const headerBytes = 32;
const alignment = 16;
/** Go's own reading stops nowhere; the largest that is known has some 100 KiB. */
const longestInfo = 4 * 2 ** 20;
const mostModules = 20_000;

/**
 * Looks through a file, chunk by chunk, for what a Go binary says of itself. undefined: it is no ELF file of Go, or of one from before 1.18,
 * which kept it in another form. Keeps at most some MiB. Never throws for what the file holds.
 */
export async function readGoBuildInfo(content: AsyncIterable<Uint8Array>): Promise<GoBuildInfo | undefined> {
  let window = Buffer.alloc(0);
  // Of the window's first byte within the file.
  let start = 0;
  let isElf = false;
  for await (const chunk of content) {
    window = window.length === 0 ? Buffer.from(chunk) : Buffer.concat([window, chunk]);
    if (!isElf) {
      if (window.length < elf.length) continue;
      isElf = window.subarray(0, elf.length).equals(elf);
      if (!isElf) return undefined;
    }
    for (;;) {
      const at = window.indexOf(magic);
      if (at < 0) {
        const kept = Math.min(window.length, magic.length - 1);
        start += window.length - kept;
        window = Buffer.from(window.subarray(window.length - kept));
        break;
      }
      start += at;
      window = window.subarray(at);
      const found = start % alignment === 0 ? parseAt(window) : 'nothing';
      if (found === 'more' && window.length <= longestInfo) break;
      if (typeof found === 'object') return found;
      start += 1;
      window = window.subarray(1);
    }
  }
  return undefined;
}

/** `more`: it goes on behind these bytes. */
function parseAt(bytes: Buffer): GoBuildInfo | 'nothing' | 'more' {
  if (bytes.length < headerBytes) return 'more';
  const isInline = ((bytes[magic.length + 1] ?? 0) & 2) !== 0;
  if (!isInline) return 'nothing';
  const version = stringAt(bytes, headerBytes);
  if (typeof version === 'string') return version;
  const info = stringAt(bytes, version.end);
  if (typeof info === 'string') return info;
  const goVersion = version.bytes.toString('utf8');
  if (!/^(go|devel )[\x20-\x7e]{1,200}$/.test(goVersion)) return 'nothing';
  // Two marks of 16 bytes are around it.
  const isMarked = info.bytes.length >= 33 && info.bytes[info.bytes.length - 17] === 0x0a;
  return { goVersion, ...parseModules(isMarked ? info.bytes.subarray(16, -16).toString('utf8') : '') };
}

/** A length as a varint, then as many bytes. */
function stringAt(bytes: Buffer, at: number): { readonly bytes: Buffer; readonly end: number } | 'nothing' | 'more' {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return 'more';
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      const begin = at + index + 1;
      if (length > longestInfo) return 'nothing';
      return begin + length > bytes.length
        ? 'more'
        : { bytes: bytes.subarray(begin, begin + length), end: begin + length };
    }
  }
  return 'nothing';
}

/** Lines of `path`, `mod`, `dep`, `=>` (which replaces the one before it) and `build`, whose values are left out: they may be secret. */
function parseModules(text: string): Omit<GoBuildInfo, 'goVersion'> {
  let path = '';
  let main: GoModule | undefined;
  const modules: GoModule[] = [];
  for (const line of text.split('\n')) {
    const [kind, name = '', version = '', sum = ''] = line.split('\t');
    if (!/^[\x21-\x7e]{1,500}$/.test(name) || modules.length >= mostModules) continue;
    if (kind === 'path') path = name;
    else if (kind === 'mod') main = { path: name, version, sum };
    else if (kind === 'dep') modules.push({ path: name, version, sum });
    else if (kind === '=>') {
      const replaced = modules.pop();
      // A folder has no version, and its path is that of a machine.
      const isFolder = /^(\/|\.|[A-Za-z]:)/.test(name);
      if (replaced !== undefined) {
        modules.push(isFolder ? { path: replaced.path, version: '', sum: '' } : { path: name, version, sum });
      }
    }
  }
  return { path, main, modules };
}
