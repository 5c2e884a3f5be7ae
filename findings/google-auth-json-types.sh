#!/usr/bin/env bash
# google-auth-library 11.3.4 with gaxios 8.3.3 (npm, Node.js 24.21.0), seen 2026-11-28
#
# `client.request` reads JSON only where the type is application/json: an answer of type application/vnd.oci.image.index.v1+json, as the registry
# of Artifact Registry gives for a manifest, or application/problem+json, is a Blob, so that `data.manifests` is undefined and no error says
# why; the error of a refused request holds a Blob as well. And JSON that cannot be parsed is a string, not an error. `data` is typed as
# whatever the caller says that it is. A good engineer expects "+json" to be JSON (RFC 6839) and JSON that is none to be an error.
# `responseType: 'json'` reads these types; look at what came in any case.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 google-auth-library@11.3.4 gaxios@8.3.3 >/dev/null

cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { OAuth2Client } from 'google-auth-library';

let answer;
const server = createServer((_, response) => response.writeHead(answer.status ?? 200, { 'content-type': answer.type }).end(answer.body));
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}/v2/project/images/driver/manifests/latest`;
const client = new OAuth2Client();
client.setCredentials({ access_token: 'token', expiry_date: Date.now() + 3_600_000 });
const index = 'application/vnd.oci.image.index.v1+json';
const body = '{"manifests":[]}';
for (const [each, options] of [
  [{ type: 'application/json', body }],
  [{ type: index, body }],
  [{ type: index, body }, { responseType: 'json' }],
  [{ type: 'application/problem+json', body: '{"title":"denied"}', status: 403 }],
  [{ type: 'application/json', body: body.slice(0, 9) }],
]) {
  answer = each;
  const data = await client.request({ url, retry: false, ...options }).then(
    (response) => response.data,
    (error) => error.response.data,
  );
  console.log(`${each.type}${options ? ", responseType 'json'" : ''}: ${data.constructor.name} ${data.manifests ? 'with' : 'without'} manifests`);
}
process.exit();
JS
node_modules/.bin/node probe.mjs | tee seen
cmp seen - <<'END'
application/json: Object with manifests
application/vnd.oci.image.index.v1+json: Blob without manifests
application/vnd.oci.image.index.v1+json, responseType 'json': Object with manifests
application/problem+json: Blob without manifests
application/json: String without manifests
END
echo 'as seen'
