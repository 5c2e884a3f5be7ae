import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { digestOf } from '../../src/oci/digest';
import type { Registry } from '../../src/types';
import type { Meddling } from './client';

/* Ports that take one safeguard away each: with any of them the suite has to find something. */

/** Believes that what the registry confirmed is there: nothing that was put is read back. */
export function withoutReadBack(): Meddling {
  return {
    registry: (registry) => {
      const put = new Map<string, { mediaType: string; digest: string; size: number; bytes: Uint8Array }>();
      return {
        ...registry,
        manifest: async (repository, reference) =>
          put.get(`${repository}:${reference}`) ?? registry.manifest(repository, reference),
        tags: async (repository) => {
          const mine = [...put.keys()].filter((name) => name.startsWith(`${repository}:`));
          const tags = mine.map((name) => name.slice(repository.length + 1));
          return [...new Set([...(await registry.tags(repository)), ...tags])];
        },
        putManifest: async (repository, reference, mediaType, bytes, beforeRepeat) => {
          const stands = await registry.putManifest(repository, reference, mediaType, bytes, beforeRepeat);
          put.set(`${repository}:${reference}`, { mediaType, digest: digestOf(bytes), size: bytes.length, bytes });
          return stands;
        },
      };
    },
  };
}

/** Takes every commit for an ancestor of every other. */
export function withoutAncestorCheck(): Meddling {
  return { isAncestor: () => Promise.resolve('yes') };
}

/** Once an announcement is withdrawn, `latest` is written no more. */
export function withoutRollback(): Meddling {
  let isOver = false;
  return {
    registry: (registry): Registry => ({
      ...registry,
      putManifest: async (repository, reference, mediaType, bytes, beforeRepeat) => {
        isOver ||= Buffer.from(bytes).toString('utf8').includes('withdrawn');
        if (isOver && reference === 'latest') return { mediaType, digest: digestOf(bytes), size: bytes.length };
        return registry.putManifest(repository, reference, mediaType, bytes, beforeRepeat);
      },
      deleteManifest: (repository, reference) =>
        isOver ? Promise.resolve(true) : registry.deleteManifest(repository, reference),
    }),
  };
}

/**
 * Lets the login follow a redirect to another origin. In the client this is one line that drops a header; from outside it is put back into each
 * request as it is made (https://nodejs.org/docs/latest-v24.x/api/diagnostics_channel.html#http). Gives the way to undo it.
 */
export function withoutRedirectRule(): () => void {
  const channel = 'http.client.request.created';
  let login: string | undefined;
  const meddle = (made: unknown): void => {
    const { request } = made as { readonly request: ClientRequest };
    const own = request.getHeader('authorization');
    if (typeof own === 'string') login = own;
    else if (login !== undefined) request.setHeader('authorization', login);
  };
  subscribe(channel, meddle);
  return () => void unsubscribe(channel, meddle);
}
