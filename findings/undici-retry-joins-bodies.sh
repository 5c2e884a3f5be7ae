#!/usr/bin/env bash
# undici 7.30.2 (npm, Node.js 24.21.0), seen 2026-11-28
#
# RetryAgent (and interceptors.retry, which is the same) goes on with a body that broke off where it broke off, by a Range request. Where the
# first response has no ETag, or a weak one, nothing checks that the rest is of the same content: if it was changed in between, the body
# is the first half of the old and the second half of the new, with status 200 and no error, also where Last-Modified tells the two
# apart. With a strong ETag it is an error. A good engineer turns retries on for robust downloads and expects them to start again, or to fail. Of
# content that has no digest to compare (what a tag names, a list, a chart's index.yaml) ask by an agent without it, and again from the start.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 undici@7.30.2 >/dev/null

cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent, RetryAgent, request } from 'undici';

const versions = ['old-old-old-', 'new-new-new-'];
const length = versions[0].length;
let headers;
let asked;
const server = createServer((message, response) => {
  const now = asked++;
  if (now === 0) {
    response.writeHead(200, { ...headers(now), 'content-length': length, 'accept-ranges': 'bytes' });
    response.write(versions[now].slice(0, 6), () => response.destroy());
    return;
  }
  const [, start] = /^bytes=(\d+)-/.exec(message.headers.range ?? '') ?? [];
  if (start === undefined) response.writeHead(200, headers(now)).end(versions[1]);
  else response.writeHead(206, { ...headers(now), 'content-range': `bytes ${start}-${length - 1}/${length}` }).end(versions[1].slice(start));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}/`;
for (const [name, each] of Object.entries({
  'strong ETag': (version) => ({ etag: `"${version}"` }),
  'weak ETag': (version) => ({ etag: `W/"${version}"` }),
  'Last-Modified': (version) => ({ 'last-modified': new Date(version * 86_400_000).toUTCString() }),
  neither: () => ({}),
})) {
  headers = each;
  asked = 0;
  const dispatcher = new RetryAgent(new Agent(), { maxRetries: 2, minTimeout: 10 });
  const read = async () => {
    const { statusCode, body } = await request(url, { dispatcher });
    return `${statusCode} ${await body.text()}`;
  };
  console.log(`${name}: ${await read().catch((error) => `error ${error.code}`)}`);
}
process.exit();
JS
node_modules/.bin/node probe.mjs | tee seen
cmp seen - <<'END'
strong ETag: error UND_ERR_REQ_RETRY
weak ETag: 200 old-olw-new-
Last-Modified: 200 old-olw-new-
neither: 200 old-olw-new-
END
echo 'as seen'
