import { readManifest, type ManifestContent } from '../oci/manifest';
import { isObject, parseExact, withKey, withoutKey, writeExact, type JsonObject } from '../oci/exactJson';

/** Digest and size of bytes that take the place of others. */
export interface Replacement {
  readonly digest: string;
  readonly size: number;
}

/** Docker's and OCI's media types of an image's configuration. */
const configTypes = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/** What can be bound: an image's manifest, or an index all of whose entries were understood. undefined: anything else. */
export function readBindable(bytes: Uint8Array): ManifestContent | undefined {
  const content = readManifest(bytes);
  const isImage = configTypes.has(content?.config?.mediaType ?? '');
  const isIndex = content?.config === undefined && content?.isComplete === true;
  return isImage || isIndex ? content : undefined;
}

/**
 * An image's configuration with these environment variables, in the place of variables of the same name, and a line in its history,
 * as an `ENV` in a Dockerfile would leave; those of an earlier binding go, and with none it is as it was before that. Layers, and all that is not known here, stay. The line has the
 * date of the image itself, so that the same image comes out whenever, for whichever commit and however often it is bound. undefined: it is
 * no configuration of an image.
 * https://github.com/opencontainers/image-spec/blob/main/config.md
 */
export function bindConfig(bytes: Uint8Array, env: Readonly<Record<string, string>>): Uint8Array | undefined {
  const image = parseExact(bytes);
  if (image === undefined || !isObject(image['rootfs'])) return undefined;
  const config = isObject(image['config']) ? image['config'] : {};
  const old = Array.isArray(config['Env']) ? config['Env'] : [];
  if (!old.every((line) => typeof line === 'string')) return undefined;
  const names = Object.keys(env).sort();
  const history = image['history'];
  const lines: readonly unknown[] = Array.isArray(history) ? history : [];
  const earlier = boundBefore(lines.at(-1));
  if (names.length === 0 && earlier === undefined) return bytes;
  const bound = withKey(
    image,
    'config',
    withKey(
      config,
      'Env',
      boundEnv(
        old.filter((each) => earlier?.has(each) !== true || names.includes(nameIn(each))),
        names.map((name) => [name, env[name] ?? '']),
      ),
    ),
  );
  if (!Array.isArray(history)) return writeExact(bound);
  if (names.length === 0) return writeExact(withKey(bound, 'history', lines.slice(0, -1)));
  const line = {
    created: typeof image['created'] === 'string' ? image['created'] : '1970-01-01T00:00:00Z',
    created_by: `ENV ${names.map((name) => `${name}=${env[name] ?? ''}`).join(' ')}`,
    comment: bindingComment,
    empty_layer: true,
  };
  return writeExact(withKey(bound, 'history', [...(earlier === undefined ? lines : lines.slice(0, -1)), line]));
}

/** What a line of a history says that a binding set, `NAME=VALUE`; undefined: it is no such line. */
function boundBefore(line: unknown): ReadonlySet<string> | undefined {
  if (!isObject(line) || line['comment'] !== bindingComment || line['empty_layer'] !== true) return undefined;
  const text = line['created_by'];
  return new Set(typeof text === 'string' ? text.split(' ').slice(1) : []);
}

function nameIn(line: string): string {
  return line.split('=', 1)[0] ?? '';
}

/** Marks the line of a binding in an image's history. */
const bindingComment = 'kfp-images';

/** A manifest with another configuration; all else stays. */
export function bindManifest(bytes: Uint8Array, config: Replacement): Uint8Array {
  const manifest = parseExact(bytes) ?? {};
  const old = manifest['config'];
  return writeExact(withKey(manifest, 'config', replaced(isObject(old) ? old : {}, config)));
}

/** An index whose entries are replaced, by their old digest, or left out where there is no replacement; all else stays. */
export function bindIndex(bytes: Uint8Array, replacements: ReadonlyMap<string, Replacement>): Uint8Array {
  const index = parseExact(bytes) ?? {};
  const entries = Array.isArray(index['manifests']) ? (index['manifests'] as readonly unknown[]) : [];
  const kept = entries.flatMap((entry) => {
    const replacement = isObject(entry) ? replacements.get(String(entry['digest'])) : undefined;
    return isObject(entry) && replacement !== undefined ? [replaced(entry, replacement)] : [];
  });
  return writeExact(withKey(index, 'manifests', kept));
}

/** A descriptor of other bytes. What it embeds of the old ones (`data`) goes. */
function replaced(descriptor: JsonObject, { digest, size }: Replacement): JsonObject {
  return withoutKey(withKey(withKey(descriptor, 'digest', digest), 'size', size), 'data');
}

/** The first variable of a name is replaced, repetitions of it go, new ones come last. */
function boundEnv(old: readonly string[], added: readonly (readonly [string, string])[]): readonly string[] {
  const rest = new Map(added);
  const kept = old.flatMap((line) => {
    const name = nameIn(line);
    const known = added.find(([each]) => each === name);
    if (known === undefined) return [line];
    return rest.delete(name) ? [`${name}=${known[1]}`] : [];
  });
  return [...kept, ...[...rest].map(([name, value]) => `${name}=${value}`)];
}
