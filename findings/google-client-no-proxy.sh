#!/usr/bin/env bash
# gaxios 8.3.3 and @grpc/grpc-js 1.14.7 (npm, Node.js 24.21.0), seen 2026-11-28
#
# A Google Cloud client for Node gets its tokens by gaxios and makes its calls by grpc-js (or by gaxios too, with `fallback: true`), and the two
# read the same `no_proxy` in two ways: `example.test` is hosts below it to one and that host alone to the other, `*.example.test`, blocks of
# addresses and a space after a comma are understood by one each, NO_PROXY in capitals is not looked at by grpc-js, and `*` is a host's name to
# both, though curl, Python and Node's own agents take it for "no proxy at all". So of one client half the requests go around the proxy and
# half through it, and which half depends on `fallback`. What both read alike: `.example.test`, hosts in full, no spaces, in small letters.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 gaxios@8.3.3 @grpc/grpc-js@1.14.7 >/dev/null

cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Client, credentials } from '@grpc/grpc-js';
import { Gaxios } from 'gaxios';

let asked = 0;
const proxy = createServer();
proxy.on('connect', (_, socket) => {
  asked++;
  socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
});
await once(proxy.listen(0, '127.0.0.1'), 'listening');
for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'grpc_proxy', 'no_grpc_proxy', 'no_proxy', 'NO_PROXY']) delete process.env[name];
process.env.https_proxy = process.env.HTTPS_PROXY = `http://127.0.0.1:${proxy.address().port}`;

const same = (value) => value;
const deadline = Date.now() + 300_000;
const clients = {
  gaxios: (host) => new Gaxios().request({ url: `https://${host}:9/`, retry: false }).catch(() => {}),
  'grpc-js': (host) => {
    // A connection of its own each time: one that has just failed is not tried again at once.
    const client = new Client(`${host}:9`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    return new Promise((resolve) => client.makeUnaryRequest('/a/b', same, same, Buffer.alloc(0), { deadline }, resolve));
  },
};
const api = 'api.example.test';
for (const [variables, list, host] of [
  ['no_proxy NO_PROXY', '.example.test', api],
  ['no_proxy NO_PROXY', 'example.test', api],
  ['no_proxy NO_PROXY', '*.example.test', api],
  ['no_proxy NO_PROXY', `other.test, ${api}`, api],
  ['no_proxy NO_PROXY', '127.0.0.0/8', '127.0.0.1'],
  ['no_proxy NO_PROXY', '*', api],
  ['NO_PROXY', api, api],
]) {
  for (const name of variables.split(' ')) process.env[name] = list;
  const ways = [];
  for (const [name, call] of Object.entries(clients)) {
    asked = 0;
    await call(host);
    ways.push(`${name} ${asked > 0 ? 'proxy' : 'direct'}`);
  }
  for (const name of variables.split(' ')) delete process.env[name];
  console.log(`${variables.split(' ').at(0)}='${list}', ${host}: ${ways.join(', ')}`);
}
process.exit();
JS
node_modules/.bin/node probe.mjs | tee seen
cmp seen - <<'END'
no_proxy='.example.test', api.example.test: gaxios direct, grpc-js direct
no_proxy='example.test', api.example.test: gaxios proxy, grpc-js direct
no_proxy='*.example.test', api.example.test: gaxios direct, grpc-js proxy
no_proxy='other.test, api.example.test', api.example.test: gaxios direct, grpc-js proxy
no_proxy='127.0.0.0/8', 127.0.0.1: gaxios proxy, grpc-js direct
no_proxy='*', api.example.test: gaxios proxy, grpc-js proxy
NO_PROXY='api.example.test', api.example.test: gaxios direct, grpc-js proxy
END
echo 'as seen'
