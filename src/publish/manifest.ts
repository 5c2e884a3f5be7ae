import type { Descriptor } from '../types';
import { isDigest } from './names';

/** What of a manifest or index matters here. */
export interface ManifestContent {
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
  /** Of an index: what it lists. `isPlatform`: an image that can run, no attestation. */
  readonly children: readonly (Descriptor & { readonly isPlatform: boolean })[];
}

/** More entries than any image has: the rest is not looked at. */
const mostEntries = 1000;

/** Reads a manifest or index by the OCI and Docker forms, which agree in this. undefined: it is neither. */
export function readManifest(bytes: Uint8Array): ManifestContent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  const config = descriptor(field(json, 'config'));
  const children = list(field(json, 'manifests')).flatMap((entry) => {
    const known = descriptor(entry);
    // BuildKit's attestations are listed with the platform unknown/unknown.
    const isPlatform = field(field(entry, 'platform'), 'os') !== 'unknown';
    return known === undefined ? [] : [{ ...known, isPlatform }];
  });
  if (config === undefined && children.length === 0) return undefined;
  const layers = list(field(json, 'layers')).flatMap((entry) => descriptor(entry) ?? []);
  return { config, layers, children };
}

function descriptor(value: unknown): Descriptor | undefined {
  const [mediaType, digest, size] = [field(value, 'mediaType'), field(value, 'digest'), field(value, 'size')];
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number') return undefined;
  return isDigest(digest) ? { mediaType, digest, size } : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, mostEntries) : [];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
