#!/usr/bin/env bash
# Node.js 24.21.0 (undici 7.29.1): fetch closes the connection after every HEAD, though both sides keep connections alive. Hundred HEADs in a row
# are about hundred connections, each with a TLS handshake where it is https; hundred GETs, POSTs, PUTs or DELETEs are one or two. A registry
# client asks by HEAD more often than by anything else. A good engineer expects HTTP/1.1's persistent connection for HEAD as for GET; node:http
# and node:https with their default agents keep it.
# seen 2026-11-28
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null

cat >connections.mjs <<'END'
import { createServer, request } from 'node:http';
import { once } from 'node:events';

let connections = 0;
const server = createServer((_, response) => response.setHeader('content-length', 0).end());
server.keepAliveTimeout = 0;
server.on('connection', () => connections++);
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}/`;

async function count(send) {
  connections = 0;
  for (let index = 0; index < 100; index++) await send();
  return connections;
}
const byFetch = (method) => count(async () => (await fetch(url, { method })).arrayBuffer());
const byNode = () =>
  count(async () => {
    const [message] = await once(request(url, { method: 'HEAD' }).end(), 'response');
    await once(message.resume(), 'close');
  });
const [get, head, node] = [await byFetch('GET'), await byFetch('HEAD'), await byNode()];
console.log(`100 requests in a row: GET by fetch ${get} connections, HEAD by fetch ${head}, HEAD by node:http ${node}`);
process.exit(get < 10 && head > 90 && node < 10 ? 0 : 1);
END
node_modules/.bin/node connections.mjs
