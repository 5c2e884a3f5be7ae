import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spdxType } from '../../src/publish/attest/statement';
import { attachedIn } from '../run/attached';
import { createWorld, kfpImages, lockIn, manifestOf, type Ended, type World } from '../run/world';
import { ensureBaseImage } from '../support/baseImages';
import { docker } from '../support/engine';
import { createMatrixFork, matrixFiles, matrixImages } from '../support/matrixFork';
import { dockerConfig } from '../support/registry';
import { createBuilder, startBuildkitd, type Buildkitd } from './buildkitd';

/* What a scanner finds in a build, by BuildKit's protocol: https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md */

let world: World;
let buildkitd: Buildkitd;
let config: string;
let scanner: string;

/** Names the files that it finds, and something that is another each time. */
const scan = `#!/bin/sh
set -e
cd "$BUILDKIT_SCAN_SOURCE"
found=$(find . -type f | sort | tr '\\n' ' ')
cat >"$BUILDKIT_SCAN_DESTINATION/scan.spdx.json" <<END
{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","subject":[],"predicate":{
"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"found $found",
"documentNamespace":"https://example.com/$(cat /proc/sys/kernel/random/uuid)","packages":[],
"creationInfo":{"created":"2026-11-23T00:00:00Z","creators":["Tool: scan"]}}}
END
`;

beforeAll(async () => {
  const bare = await createWorld({ engine: false });
  await bare.fork.remove();
  world = { ...bare, fork: await createMatrixFork() };
  const { path } = world.folder;
  buildkitd = await startBuildkitd(join(path, 'one'));
  config = join(path, 'buildx');
  await createBuilder(config, 'one', [buildkitd]);
  scanner = `${world.registry.path}/scanner:1`;
  const file = join(path, 'scan');
  await writeFile(file, scan);
  await chmod(file, 0o755);
  const base = 'kfp-images-test/scanner:1';
  await ensureBaseImage(base, { '/scan': file });
  const dockerfile = `FROM ${base}\nENTRYPOINT ["/scan"]\n`;
  const args = ['--quiet', '--provenance=false', '--tag', scanner, '--file', '-', path];
  await docker(['buildx', 'build', ...args], { input: dockerfile });
  await docker(['push', '--quiet', scanner], { env: { DOCKER_CONFIG: await dockerConfig(world.registry, path) } });
  await docker(['image', 'rm', scanner]);
});
afterAll(async () => {
  await buildkitd.stop();
  await world[Symbol.asyncDispose]();
});

async function build(...args: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const ended: Ended = await kfpImages(
    world.fork.directory,
    ['build', '--images', 'all', '--builder', 'one', ...args, ...world.target],
    { env: { BUILDX_CONFIG: config } },
  );
  expect(ended.exitCode === 0 ? '' : ended.stderr).toBe('');
  const { images } = await lockIn(world.fork);
  return Object.fromEntries(Object.entries(images).map(([name, { digest }]) => [name, digest]));
}

async function sbomsOf(name: string, digest: string): Promise<readonly string[]> {
  const attached = await attachedIn(world, name, digest);
  return attached
    .filter(({ predicateType }) => predicateType === spdxType)
    .map(({ file }) => (JSON.parse(file) as { readonly predicate: { readonly name: string } }).predicate.name);
}

it.each([
  ['one platform', []],
  ['two platforms', ['--platforms', 'linux/amd64,linux/arm64']],
])('%s: each image has what the scanner found in it, and is the same image as without', async (_, platforms) => {
  // What is published of a commit stays as it is, whatever platforms are asked for next.
  await world.fork.commit('Go on [backend-all]', matrixFiles(`${platforms.length}`));
  const generator = ['--sbom', `generator=${scanner}`, ...platforms];
  const first = await build(...generator);
  expect(Object.keys(first).sort()).toEqual([...matrixImages].sort());
  for (const [name, digest] of Object.entries(first)) {
    expect(await sbomsOf(name, digest), name).toEqual(
      platforms.length === 0 ? ['found ./content '] : ['found ./content ', 'found ./content '],
    );
    const { manifest } = await manifestOf(world.registry, name, digest);
    expect(JSON.stringify(manifest)).not.toContain('attestation-manifest');
  }
  // The scanner says another thing each time; the images stay what they are, and what is attached to them stays.
  expect(await build('--rebuild', 'all', ...generator)).toEqual(first);
  expect(await sbomsOf('driver', first['driver'] ?? '')).toHaveLength(platforms.length === 0 ? 1 : 2);
  expect(await build('--rebuild', 'all', ...platforms)).toEqual(first);
});
