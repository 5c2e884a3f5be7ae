#!/usr/bin/env bash
# @actions/github 9.1.1 with @octokit/plugin-paginate-rest 14.0.0 (npm, Node.js 24.21.0), seen 2026-11-28
#
# `octokit.paginate` gives part of a list as if it were the whole, twice: where any page but the first is answered with 409, what was had so far is
# returned without an error (it is taken for GitHub's "repository is empty"), and of a search that ran out of time on the server the
# `incomplete_results: true`, which single requests show, is lost when pages are joined. A count, a clean-up or "is there a run for this
# commit?" then goes by half of what there is. A good engineer expects an error for the one, as for 404 or 500, and a sign of the other.
# octokit.paginate.iterator shows `incomplete_results` page by page; for the 409, compare with what the first page says there is.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @actions/github@9.1.1 >/dev/null

cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { getOctokit } from '@actions/github';

let second;
const server = createServer((request, response) => {
  const url = new URL(request.url, baseUrl);
  const page = Number(url.searchParams.get('page') ?? 1);
  url.searchParams.set('page', page + 1);
  const search = url.pathname.startsWith('/search/');
  if (page < 3) response.setHeader('link', `<${url}>; rel="next"`);
  response.writeHead(page === 2 ? second : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(search ? { total_count: 9, incomplete_results: true, items: [{ page }] } : [{ page }]));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const baseUrl = `http://127.0.0.1:${server.address().port}`;
const octokit = getOctokit('token', { baseUrl });
const seen = [];
for (second of [200, 404, 409]) {
  const pages = await octokit.paginate(octokit.rest.repos.listCommits, { owner: 'o', repo: 'r' }).then(
    (commits) => commits.map(({ page }) => page).join(' '),
    (error) => `error ${error.status}`,
  );
  seen.push(`second page ${second}: ${pages}`);
}
second = 200;
const one = await octokit.rest.search.commits({ q: 'x' });
const all = await octokit.paginate(octokit.rest.search.commits, { q: 'x' });
seen.push(`search, one page: incomplete_results ${one.data.incomplete_results}`);
seen.push(`search, paginate: ${all.length} items, incomplete_results ${all.incomplete_results}`);
console.log(seen.join('\n'));
process.exit();
JS
node_modules/.bin/node --no-deprecation probe.mjs | tee seen
cmp seen - <<'END'
second page 200: 1 2 3
second page 404: error 404
second page 409: 1
search, one page: incomplete_results true
search, paginate: 3 items, incomplete_results undefined
END
echo 'as seen'
