import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * A stand-in for MinIO: as much of S3 as the API server needs to start and to keep pipelines. It asks for no login.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/
 */

export interface ObjectStore extends AsyncDisposable {
  readonly port: number;
}

/** Starts one, empty; every bucket is there. */
export async function startObjectStore(): Promise<ObjectStore> {
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://store');
      const [, bucket = '', ...key] = pathname.split('/');
      const name = key.join('/');
      const found = objects.get(`${bucket}/${name}`);
      const own = { 'last-modified': new Date().toUTCString(), etag: '"stand-in"' };
      if (searchParams.has('location')) {
        response.writeHead(200, { 'content-type': 'application/xml' });
        response.end('<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>');
      } else if (name === '') {
        response.writeHead(200).end();
      } else if (request.method === 'PUT') {
        const body = Buffer.concat(chunks);
        const isChunked = String(request.headers['x-amz-content-sha256']).startsWith('STREAMING-');
        objects.set(`${bucket}/${name}`, isChunked ? unchunked(body) : body);
        response.writeHead(200, own).end();
      } else if (request.method === 'DELETE') {
        objects.delete(`${bucket}/${name}`);
        response.writeHead(204).end();
      } else if (found === undefined) {
        response.writeHead(404, { 'content-type': 'application/xml' });
        response.end(request.method === 'HEAD' ? undefined : '<Error><Code>NoSuchKey</Code></Error>');
      } else {
        response.writeHead(200, { ...own, 'content-length': found.length });
        response.end(request.method === 'HEAD' ? undefined : found);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html: `SIZE;chunk-signature=…`, bytes, and so on. */
function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, line), 16);
    if (line < 0 || !(size > 0)) break;
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return Buffer.concat(parts);
}
