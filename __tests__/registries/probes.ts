import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { FleetRegistry } from './fleet';

/* What a registry does, asked by plain HTTP and without our client: the rows of docs/registries.md. */

const oci = 'application/vnd.oci.image.manifest.v1+json';
const docker = 'application/vnd.docker.distribution.manifest.v2+json';
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

interface Wire {
  readonly base: string;
  put(tag: string, type: string, text: string): Promise<number>;
  send(method: string, path: string, accept?: string): Promise<Response>;
  blob(text: string): Promise<void>;
}

function wire({ host, username, password }: FleetRegistry, name: string): Wire {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const call = async (
    method: string,
    url: string,
    type?: string,
    body?: string,
    accept?: string,
  ): Promise<Response> => {
    const headers = { authorization, ...(type && { 'content-type': type }), ...(accept && { accept }) };
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    await response.arrayBuffer();
    return response;
  };
  const base = `http://${host}/v2/${name}`;
  return {
    base,
    put: async (tag, type, text) => (await call('PUT', `${base}/manifests/${tag}`, type, text)).status,
    send: (method, path, accept) => call(method, `${base}/${path}`, undefined, undefined, accept),
    blob: async (text) => {
      const opened = await call('POST', `${base}/blobs/uploads/`);
      const url = new URL(opened.headers.get('location') ?? '', base);
      url.searchParams.set('digest', digestOf(text));
      await call('PUT', url.href, 'application/octet-stream', text);
    },
  };
}

/** Sends half of a manifest, and no more. */
async function putHalf(
  { username, password }: FleetRegistry,
  base: string,
  tag: string,
  type: string,
  text: string,
): Promise<void> {
  const { hostname, port, pathname } = new URL(`${base}/manifests/${tag}`);
  // Only its own direction is closed: the registry's end is then when it has done what it does with that.
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.resume().on('error', () => undefined);
  const lines = [
    `PUT ${pathname} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Authorization: Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    `Content-Type: ${type}`,
    `Content-Length: ${text.length}`,
  ];
  const ended = once(socket, 'close');
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text.slice(0, text.length / 2)}`);
  await ended;
}

/** A small image, or an artifact. `note` makes it another one. */
function manifest(type: string, config: string, text: string, note: string, more: object = {}): string {
  const described = { mediaType: config, digest: digestOf(text), size: text.length };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    ...more,
    config: described,
    layers: [],
    annotations: { note },
  });
}

const said = (status: number): string => (status < 300 ? 'yes' : `no (${status})`);

/** One row of the table, as it stands in docs/registries.md. */
export async function rowOf(name: string, registry: FleetRegistry): Promise<string> {
  const at = wire(registry, `${registry.top ?? ''}probes/p${Date.now()}/image`);
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } });
  await at.blob(config);
  await at.blob('{}');
  const image = (note: string): string => manifest(oci, 'application/vnd.oci.image.config.v1+json', config, note);

  const dockerImage = manifest(docker, 'application/vnd.docker.container.image.v1+json', config, 'docker');
  const takesDocker = said(await at.put('docker', docker, dockerImage));
  const artifact = manifest(oci, 'application/vnd.oci.empty.v1+json', '{}', 'artifact', {
    artifactType: 'application/x.y',
  });
  const takesArtifacts = said(await at.put('artifact', oci, artifact));

  const [one, two] = [image('one'), image('two')];
  await at.put('moving', oci, one);
  await at.put('moving', oci, two);
  const old = await at.send('HEAD', `manifests/${digestOf(one)}`, oci);
  const moved = old.status === 200 ? 'stays' : 'is deleted at once';

  await putHalf(registry, at.base, 'half', oci, image('half'));
  const cut = (await at.send('HEAD', 'manifests/half', oci)).status === 404 ? 'is not kept' : 'is kept';

  const anything = await at.send('HEAD', 'manifests/moving', '*/*');
  const digest = anything.headers.get('docker-content-digest') === digestOf(two) ? '' : ', without its digest';
  const head = anything.status === 200 ? `200${digest}` : String(anything.status);

  await at.put('second', oci, two);
  const byTag = await at.send('DELETE', 'manifests/second');
  const [tag, rest] = [await at.send('HEAD', 'manifests/second', oci), await at.send('HEAD', 'manifests/moving', oci)];
  const untags =
    byTag.status >= 300
      ? `refused (${byTag.status})`
      : tag.status === 404 && rest.status === 200
        ? 'the tag alone'
        : 'more than the tag';

  await at.send('DELETE', `manifests/${digestOf(two)}`);
  const left = await at.send('HEAD', 'manifests/moving', oci);
  const deletes = left.status === 404 ? 'tags go too' : 'tags stay, and serve it';
  const again = await at.send('DELETE', `manifests/${digestOf(two)}`);
  return `| ${[name, takesDocker, takesArtifacts, moved, untags, deletes, again.status, head, cut].join(' | ')} |`;
}
