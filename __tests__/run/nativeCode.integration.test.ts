import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBaseImage } from '../support/baseImages';
import { contentOf } from './imageContent';
import { createWorld, json, step, type World } from './world';

/*
 * A compiler whose cache does not notice a changed header in another folder, as Go's does not: with a real engine and cache mounts, through the
 * bundle. The compiler is a FAKE; what it takes for unchanged is what https://pkg.go.dev/cmd/go#hdr-Build_and_test_caching leaves out.
 */

let world: World;
/** A compiled program is the header and the package's own files. */
const compiler = `#!/bin/sh
[ "$1" = build ] || exit 0
key=$(cat "$4"/* | sha256sum | cut -c1-64)
object=/root/.cache/go-build/$key
[ -f "$object" ] && echo "taken from the cache"
[ -f "$object" ] || { mkdir -p /root/.cache/go-build && cat inc/v.h "$4"/* >"$object"; }
mkdir -p /out && cp "$object" "$3"
`;

beforeAll(async () => {
  world = await createWorld();
  const go = join(world.folder.path, 'go');
  await writeFile(go, compiler);
  await chmod(go, 0o755);
  await ensureBaseImage('kfp-images-test/caching-go:1', { 'usr/local/bin/go': go });
  await world.fork.commit('A program with assembly', {
    'kfp-images.yaml':
      'version: 1\nimages:\n  tool: { dockerfile: tool/Dockerfile, inputs: { go: ./cmd/tool }, cacheMounts: [/root/.cache/go-build] }\n',
    'tool/Dockerfile': [
      'FROM kfp-images-test/caching-go:1 AS build',
      'WORKDIR /src',
      'COPY . .',
      'RUN go build -o /out/tool ./cmd/tool',
      'FROM kfp-images-demo/alpine:3.21',
      'COPY --from=build /out/tool /tool',
      '',
    ].join('\n'),
    'go.mod': `module example.com/tool\n\ngo 1.24\n`,
    'cmd/tool/main.go': `package main\n\nfunc value() int\n\nfunc main() { println(value()) }\n// ${String(Math.random())}\n`,
    'cmd/tool/value_amd64.s': '#include "../../inc/v.h"\nTEXT ·value(SB), 4, $0-8\n\tMOVQ $VALUE, ret+0(FP)\n\tRET\n',
    'inc/v.h': '#define VALUE 1\n',
    'docs/readme.md': 'x\n',
  });
});
afterAll(() => world[Symbol.asyncDispose]());

async function build(): Promise<{
  readonly log: string;
  readonly built: unknown;
  readonly program: string | undefined;
}> {
  const result = await step(world, { inputs: { images: 'tool' } });
  const log = result.stdout;
  expect(result.exitCode, log).toBe(0);
  return { log, built: json(result, 'built'), program: await contentOf(world.registry, 'tool', 'tool') };
}

it('a changed header in another folder is compiled, though the compile cache does not notice it', async () => {
  expect((await build()).program).toContain('#define VALUE 1');
  // The cache is there and used.
  await world.fork.commit('Change what is not compiled', { 'go.mod': 'module example.com/tool\n\ngo 1.25\n' });
  expect((await build()).log).toContain('taken from the cache');
  await world.fork.commit('Change the header', { 'inc/v.h': '#define VALUE 2\n' });
  const changed = await build();
  expect(changed.program).toContain('#define VALUE 2');
  expect(changed.log).not.toContain('taken from the cache');
  // The other way about, what is in no package of the program and in no header of it is no reason to compile.
  await world.fork.commit('Write', { 'docs/readme.md': 'y\n' });
  expect((await build()).built).toEqual([]);
});
