#!/usr/bin/env bash
# @octokit/plugin-retry 8.1.1 with @octokit/core 7.0.8 (npm, Node.js 24.21.0; in octokit, Probot, @actions/artifact and attest), seen 2026-11-28
#
# Every request is sent again after an answer of 5xx, and after a connection that broke off without one, a POST like a GET. The server may have
# done what it was asked by then (a 502 comes from a proxy before it), so that a comment is written twice, or a workflow dispatched twice and two
# runs publish one version. The caller sees one call that succeeded, with the last answer. A good engineer expects what undici's RetryAgent
# does, which sends again only what may be done twice by HTTP's own word (RFC 9110, section 9.2.2). `request: { retries: 0 }` with a POST turns
# it off.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @octokit/core@7.0.8 @octokit/plugin-retry@8.1.1 undici@7.30.2 >/dev/null

cat >probe.mjs <<'JS'
import { createServer } from 'node:http';
import { Octokit } from '@octokit/core';
import { retry } from '@octokit/plugin-retry';
import { Agent, RetryAgent, request } from 'undici';

// A stand-in for GitHub that does what it is asked each time, and whose first answer is lost on the way.
let done = [];
let lose;
const server = createServer(async (asked, response) => {
  let body = '';
  for await (const chunk of asked) body += chunk;
  done.push(`${asked.method} ${JSON.parse(body).body}`);
  if (done.length === 1) return lose(response);
  response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ id: done.length }));
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const baseUrl = `http://127.0.0.1:${server.address().port}`;

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const octokit = new (Octokit.plugin(retry))({ baseUrl, log: silent, retry: { retryAfterBaseValue: 1 } });
const comment = { owner: 'o', repo: 'r', issue_number: 1, body: 'published' };
const path = '/repos/o/r/issues/1/comments';
const byOctokit = (options) => octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...comment, ...options });
const agent = new RetryAgent(new Agent(), { minTimeout: 1 });
const byUndici = () => request(baseUrl + path, { method: 'POST', body: JSON.stringify(comment), dispatcher: agent });

const ways = {
  'octokit, 502': [(response) => response.writeHead(502).end(), byOctokit],
  'octokit, no answer': [(response) => response.destroy(), byOctokit],
  'octokit with retries: 0, 502': [(response) => response.writeHead(502).end(), () => byOctokit({ request: { retries: 0 } })],
  'undici RetryAgent, 502': [(response) => response.writeHead(502).end(), byUndici],
};
const expected = { 'octokit, 502': 2, 'octokit, no answer': 2, 'octokit with retries: 0, 502': 1, 'undici RetryAgent, 502': 1 };
let asSeen = true;
for (const [way, [losing, call]] of Object.entries(ways)) {
  done = [];
  lose = losing;
  const status = await call().then((answer) => answer.status ?? answer.statusCode, (error) => `error ${error.status ?? error.statusCode}`);
  console.log(`${way}: the caller sees ${status}; done: ${done.join(', ')}`);
  asSeen &&= done.length === expected[way];
}
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node_modules/.bin/node probe.mjs
