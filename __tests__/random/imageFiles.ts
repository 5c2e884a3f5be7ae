import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

/** What an image holds: path → mode, owner, and link or content. Times are left out. */
export type ImageFiles = ReadonlyMap<string, string>;

/** The files of an image whose layers are these, the lowest first: https://github.com/opencontainers/image-spec/blob/main/layer.md */
export function filesOfLayers(layers: readonly Uint8Array[]): ImageFiles {
  const files = new Map<string, string>();
  const remove = (path: string, itself: boolean): void => {
    for (const known of files.keys()) {
      if ((itself && known === path) || known.startsWith(`${path}/`)) files.delete(known);
    }
  };
  for (const layer of layers) {
    const entries = readTar(layer[0] === 0x1f && layer[1] === 0x8b ? gunzipSync(layer) : layer);
    for (const { path } of entries) {
      const [, folder = '', name = ''] = /^(.*\/)?\.wh\.(.+)$/.exec(path) ?? [];
      if (name === '.wh..opq') remove(folder.slice(0, -1), false);
      else if (name !== '') remove(`${folder}${name}`, true);
    }
    for (const entry of entries) {
      if (/(^|\/)\.wh\./.test(entry.path)) continue;
      if (!entry.about.startsWith('5')) remove(entry.path, false);
      files.set(entry.path, entry.about);
    }
  }
  return files;
}

interface TarEntry {
  readonly path: string;
  readonly about: string;
}

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
function readTar(bytes: Uint8Array): readonly TarEntry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: TarEntry[] = [];
  let longer = new Map<string, string>();
  for (let at = 0; at + 512 <= buffer.length;) {
    const text = (from: number, length: number): string =>
      buffer.toString('utf8', at + from, at + from + length).replace(/\0[^]*$/, '');
    const number = (from: number, length: number): number => Number.parseInt(text(from, length).trim() || '0', 8);
    if (buffer[at] === 0) break;
    const size = number(124, 12);
    const type = text(156, 1) || '0';
    const [mode, owner] = [number(100, 8) & 0o7777, `${number(108, 8).toString()}:${number(116, 8).toString()}`];
    const content = buffer.subarray(at + 512, at + 512 + size);
    const prefix = text(345, 155);
    const name = longer.get('path') ?? `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`;
    const link = longer.get('linkpath') ?? text(157, 100);
    at += 512 + Math.ceil(size / 512) * 512;
    if (type === 'x') {
      longer = paxRecords(content.toString('utf8'));
      continue;
    }
    longer = new Map();
    if (type === 'g') continue;
    const path = name.replace(/^\.?\//, '').replace(/\/$/, '');
    if (path === '' || path === '.') continue;
    const what = type === '0' ? createHash('sha256').update(content).digest('hex') : link.replace(/^\.?\//, '');
    entries.push({ path, about: `${type} ${mode.toString(8)} ${owner} ${what}` });
  }
  return entries;
}

function paxRecords(text: string): Map<string, string> {
  const records = new Map<string, string>();
  for (let rest = text; rest !== '';) {
    const [head = '', length = ''] = /^(\d+) /.exec(rest) ?? [];
    const record = Buffer.from(rest).subarray(0, Number(length)).toString('utf8');
    if (head === '' || record === '') break;
    const equals = record.indexOf('=');
    records.set(record.slice(head.length, equals), record.slice(equals + 1, -1));
    rest = Buffer.from(rest).subarray(Number(length)).toString('utf8');
  }
  return records;
}

/** What differs, for people; empty: nothing. */
export function differences(ours: ImageFiles, theirs: ImageFiles): readonly string[] {
  const paths = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  return paths.flatMap((path) => {
    const [a, b] = [ours.get(path), theirs.get(path)];
    return a === b ? [] : [`${path}: ours ${a ?? 'missing'}, docker's ${b ?? 'missing'}`];
  });
}
