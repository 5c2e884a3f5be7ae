#!/usr/bin/env bash
# @google-cloud/artifact-registry 5.1.0 with google-gax 6.17.0 (npm, Node.js 24.21.0), seen 2026-11-28
#
# `apiEndpoint: 'HOST:PORT'` is taken without a word and its port is not: the client calls HOST at 443, with the access token, over REST
# (`fallback: true`). Where something else listens there, that is whom it talks to. `apiEndpoint: 'HOST', port: PORT` is what works. A good
# engineer expects the port that is written, as Google's clients for Python and Go take it in their api_endpoint and WithEndpoint, and as
# emulators print it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @google-cloud/artifact-registry@5.1.0 google-gax@6.17.0 google-auth-library@11.3.4 >/dev/null

cat >probe.cjs <<'JS'
const { createServer } = require('node:http');
const { once } = require('node:events');
const { v1 } = require('@google-cloud/artifact-registry');
const { OAuth2Client } = require('google-auth-library');

(async () => {
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end('{"name":"found"}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: 'token', expiry_date: Date.now() + 3_600_000 });
  const ask = async (endpoint) => {
    const client = new v1.ArtifactRegistryClient({ ...endpoint, protocol: 'http', fallback: true, authClient });
    const request = client.getRepository({ name: 'projects/p/locations/l/repositories/r' }, { timeout: 20_000 });
    return request.then(([repository]) => repository.name, (error) => error.message);
  };
  const [joined, apart] = [await ask({ apiEndpoint: `127.0.0.1:${port}` }), await ask({ apiEndpoint: '127.0.0.1', port })];
  console.log(`apiEndpoint 127.0.0.1:${port}:\n  ${joined}\napiEndpoint 127.0.0.1, port ${port}:\n  ${apart}`);
  const asSeen = joined.includes('http://127.0.0.1:443/') && apart === 'found';
  console.log(asSeen ? 'as seen' : 'CHANGED');
  process.exit(asSeen ? 0 : 1);
})();
JS
node_modules/.bin/node probe.cjs
