import type { Received } from '../httpServer';
import { google, json } from './identity';
import type { StoredImages } from './storedImages';
import type { FakeWorld } from './world';

/* The part of the FAKE of the Artifact Registry API (artifactRegistryApi.ts) that tells and deletes what the real registry holds. */

/** An answer of the API: always one with a status. */
export type Answer = ReturnType<typeof json>;

export interface Call {
  readonly world: FakeWorld;
  readonly images: StoredImages | undefined;
  readonly account: string;
  readonly request: Received;
  readonly location: string;
  readonly query: URLSearchParams;
}

/** One image (`image@digest`, slashes encoded), or without `id` all of the repository `top`. */
export async function dockerImages(call: Call, top: string, path: string, id: string | undefined): Promise<Answer> {
  if (id !== undefined) {
    const [image = '', digest = ''] = decodeURIComponent(id).split('@');
    const found = await describe(call, top, path, image, digest);
    return found === undefined ? google(404, 'NOT_FOUND', 'Requested entity was not found.') : json(200, found);
  }
  const found: object[] = [];
  for (const repository of (await call.images?.names(`${top}/`)) ?? []) {
    for (const digest of (await call.images?.digests(repository)) ?? []) {
      const image = await describe(call, top, path, repository.slice(top.length + 1), digest);
      if (image !== undefined) found.push(image);
    }
  }
  return json(200, { dockerImages: found });
}

/** What is known of an image: its tags, and the bytes of its manifest and of what that lists. */
async function describe(
  { images }: Call,
  top: string,
  path: string,
  image: string,
  digest: string,
): Promise<object | undefined> {
  const repository = `${top}/${image}`;
  const found = await images?.describe(repository, digest);
  if (found === undefined) return undefined;
  const { bytes, mediaType, uploadedAt } = found;
  const [location = ''] = path.split('/').slice(3);
  return {
    name: `${path}/dockerImages/${encodeURIComponent(image)}@${digest}`,
    uri: `${location}-docker.pkg.dev/${repository}@${digest}`,
    tags: [...((await images?.tags(repository)) ?? [])].filter(([, at]) => at === digest).map(([tag]) => tag),
    imageSizeBytes: String(bytes),
    uploadTime: uploadedAt.toISOString(),
    mediaType,
  };
}

/** Packages, versions and tags of the repository `top` (`project/repository`). */
export async function onImages(call: Call, top: string, path: string, rest: readonly string[]): Promise<Answer> {
  const { images, request, query, world } = call;
  if (images === undefined) return json(200, {});
  // Only the images' names have slashes in them, which stay encoded once.
  const [, image = '', kind = '', id = ''] = rest.map((part) => decodeURIComponent(part));
  const repository = `${top}/${image}`;
  const parent = `${path}/packages/${encodeURIComponent(image)}`;
  if (request.method === 'GET' && image === '') {
    const packages = (await images.names(`${top}/`)).map((each) => ({
      name: `${path}/packages/${encodeURIComponent(each.slice(top.length + 1))}`,
    }));
    return json(200, { packages });
  }
  const tags = await images.tags(repository);
  if (request.method === 'GET' && kind === 'tags') {
    const named = [...tags].map(([tag, at]) => ({
      name: `${parent}/tags/${tag}`,
      version: `${parent}/versions/${at}`,
    }));
    return json(200, { tags: named });
  }
  if (request.method === 'GET') {
    const relatedTags = (digest: string): readonly object[] =>
      [...tags]
        .filter(([, at]) => at === digest)
        .map(([tag]) => ({ name: `${parent}/tags/${tag}`, version: `${parent}/versions/${digest}` }));
    const versions = (await images.digests(repository)).map((digest) => ({
      name: `${parent}/versions/${digest}`,
      relatedTags: relatedTags(digest),
    }));
    return json(200, { versions });
  }
  const digests = await images.digests(repository);
  const [, repositoryName = ''] = top.split('/');
  if (kind === 'tags') {
    const digest = tags.get(id);
    if (digest === undefined) return google(404, 'NOT_FOUND', 'Requested entity was not found.');
    if (world.repositories.get(`${call.location}/${repositoryName}`)?.immutableTags === true) {
      return google(400, 'FAILED_PRECONDITION', `cannot delete tag ${id}. The repository has enabled tag immutability`);
    }
    await images.removeTag(repository, id);
    return json(200, {});
  }
  if (!digests.includes(id)) return google(404, 'NOT_FOUND', 'Requested entity was not found.');
  if ([...tags.values()].includes(id) && query.get('force') !== 'true') {
    return google(400, 'FAILED_PRECONDITION', 'The version has tags; delete them first or set force.');
  }
  await images.removeDigest(repository, id);
  return json(200, {
    name: `${path.split('/repositories/')[0] ?? ''}/operations/2`,
    done: true,
    response: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
  });
}
