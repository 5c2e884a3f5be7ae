import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { isLoopbackHost } from './names';

/** What is known of a registry's host beside its name. */
export interface HostSettings {
  /** It speaks http, and that is wanted. */
  readonly plainHttp: boolean;
  /** Certificates of its authority, PEM: trusted for this host alone. */
  readonly authority: string | undefined;
  /** The host by which what is named after this one is pushed and asked for. */
  readonly push: string | undefined;
}

/** By `name[:port]`. */
export type RegistryHosts = ReadonlyMap<string, HostSettings>;

/** No host is special. */
export const noHosts: RegistryHosts = new Map();

/** The host that is talked to for images of this name. */
export function pushHost(hosts: RegistryHosts, host: string): string {
  return hosts.get(host)?.push ?? host;
}

/** Is http spoken with this host: this very machine, as Docker does, or one that was named for it? */
export function speaksHttp(hosts: RegistryHosts, host: string): boolean {
  return isLoopbackHost(host) || hosts.get(host)?.plainHttp === true;
}

/** fetch, which can't be given a certificate authority; the part of it that a registry's client uses. */
export async function fetchTrusting(
  url: URL,
  {
    method,
    headers,
    body,
    signal,
  }: Omit<RequestInit, 'headers' | 'body'> & {
    readonly headers: Record<string, string>;
    readonly body?: Buffer | Blob;
  },
  authority: string,
): Promise<Response> {
  const length: Record<string, string> = body instanceof Blob ? { 'content-length': String(body.size) } : {};
  return new Promise((resolve, reject) => {
    const sent = requestHttps(
      url,
      {
        ...(method ? { method } : {}),
        headers: { ...headers, ...length },
        ca: authority,
        ...(signal ? { signal } : {}),
      },
      (message) => {
        const given = Object.entries(message.headers).flatMap(([name, value]) =>
          [value ?? []].flat().map((each): [string, string] => [name, each]),
        );
        const status = message.statusCode ?? 0;
        const isEmpty = method === 'HEAD' || [204, 205, 304].includes(status);
        if (isEmpty) message.resume();
        const content = isEmpty ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array<ArrayBuffer>>);
        resolve(new Response(content, { status, statusText: message.statusMessage ?? '', headers: given }));
      },
    );
    sent.on('error', reject);
    // Failures on the way are reported by the request.
    if (body instanceof Blob) Readable.fromWeb(body.stream()).pipe(sent);
    else sent.end(body);
  });
}
