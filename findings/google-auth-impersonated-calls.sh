#!/usr/bin/env bash
# google-auth-library 11.3.4 (npm, Node.js 24.21.0), seen 2026-11-28
#
# Calls that are made at once share the request for a token with each kind of credentials (a machine's metadata, a refresh token, workload
# identity federation, there also the second request where it ends in a service account) but Impersonated: twenty calls at the start, or in the moment when the
# hour is over, are twenty requests to generateAccessToken, which has a quota. A good engineer puts a service account between and expects the
# same number of requests. Wait for one getAccessToken() before the first calls and before `credentials.expiry_date`, or give
# `service_account_impersonation_url` in the federation's configuration.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 google-auth-library@11.3.4 >/dev/null

cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { Compute, ExternalAccountClient, Impersonated, OAuth2Client } from 'google-auth-library';

let asked = 0;
const server = createServer((request, response) => {
  asked++;
  const expireTime = new Date(Date.now() + 3_600_000).toISOString();
  const token = { access_token: 'token', token_type: 'Bearer', expires_in: 3600, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
  response.writeHead(200, { 'content-type': 'application/json', 'metadata-flavor': 'Google' });
  request.resume().on('end', () => response.end(JSON.stringify({ ...token, accessToken: 'token', expireTime })));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const host = `127.0.0.1:${server.address().port}`;
process.env.GCE_METADATA_HOST = host;
writeFileSync('subject', 'token of the runner');

const refreshed = new OAuth2Client({ endpoints: { oauth2TokenUrl: `http://${host}/token` } });
refreshed.setCredentials({ refresh_token: 'refresh' });
const federated = ExternalAccountClient.fromJSON({
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: `http://${host}/sts`,
  credential_source: { file: 'subject' },
  service_account_impersonation_url: `http://${host}/v1/generateAccessToken`,
});
const sourceClient = new OAuth2Client();
sourceClient.setCredentials({ access_token: 'token', expiry_date: Date.now() + 3_600_000 });
const impersonated = new Impersonated({
  sourceClient,
  targetPrincipal: 'builder@project.iam.gserviceaccount.com',
  targetScopes: ['https://www.googleapis.com/auth/cloud-platform'],
  endpoint: `http://${host}`,
});
for (const [name, client] of Object.entries({ metadata: new Compute(), 'refresh token': refreshed, federation: federated, Impersonated: impersonated })) {
  asked = 0;
  await Promise.all(Array.from({ length: 20 }, () => client.getRequestHeaders()));
  console.log(`${name}, 20 calls at once: requests for a token: ${asked}`);
  asked = 0;
  await Promise.all(Array.from({ length: 20 }, () => client.getRequestHeaders()));
  console.log(`${name}, 20 calls afterwards: ${asked}`);
}
process.exit();
JS
node_modules/.bin/node probe.mjs 2>log | tee seen
cmp seen - <<'END'
metadata, 20 calls at once: requests for a token: 1
metadata, 20 calls afterwards: 0
refresh token, 20 calls at once: requests for a token: 1
refresh token, 20 calls afterwards: 0
federation, 20 calls at once: requests for a token: 2
federation, 20 calls afterwards: 0
Impersonated, 20 calls at once: requests for a token: 20
Impersonated, 20 calls afterwards: 0
END
echo 'as seen'
