import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stream } from '../../src/system/exec';
import type { Command } from '../../src/types';
import { startRegistry, type TestRegistry } from '../support/registry';
import { Said } from '../support/said';
import { base, openWorkbench, type Workbench } from './workbench';

// A compiler in shell: slow for what it has not compiled yet, and its results are the same with and without its cache.
const compiler = `#!/bin/sh
set -e
cache=/var/cache/ccache
for unit in src/*; do
  object=$cache/$(sha256sum $unit | cut -c1-64)
  if [ -e $object ]; then echo "found $unit"; else mkdir -p $cache; tr a-z A-Z < $unit > $object; echo "compiled $unit"; fi
  cat $object
done > /tmp/log
grep -v -e '^found' -e '^compiled' /tmp/log > $1
grep -e '^found' -e '^compiled' /tmp/log
`;

/** An engine that stays may hold what a run before this one has compiled. */
const stamp = Date.now();

const dockerfile = (name: string): string => `# escape=\`
FROM ${base} AS tools
RUN mkdir -p /opt/empty
FROM tools AS builder
WORKDIR /work
COPY src src
COPY compile /bin/compile
# a comment
RUN echo unit of ${name} ${stamp} > src/${name} && \`
    # another
    sh /bin/compile /out-${name}
RUN <<EOF
chmod 755 /out-${name}
ln -s /out-${name} /link
EOF
FROM ${base}
RUN echo final > /final
COPY --from=builder /out-${name} /link /opt/
`;

let registry: TestRegistry;
let bench: Workbench;
const cacheMounts = ['/var/cache/ccache', '/var/cache/downloads'];

beforeAll(async () => {
  registry = await startRegistry();
  bench = await openWorkbench(registry);
  const names = ['driver', 'launcher'];
  const sources = Object.fromEntries(
    Array.from({ length: 5 }, (_, at) => [`src/shared${at}`, `unit ${at} of ${stamp}\n`]),
  );
  await bench.write({
    ...sources,
    compile: compiler,
    ...Object.fromEntries(names.map((name) => [`Dockerfile.${name}`, dockerfile(name)])),
  });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await registry.stop();
});

/** Builds into a folder of this machine; gives what it printed. */
async function files(name: string, mounts: readonly string[], folder: string): Promise<string> {
  const { args, ...command }: Command = await bench.command({
    name,
    dockerfile: `Dockerfile.${name}`,
    cacheMounts: mounts,
  });
  const local = args.map((arg) => (arg.startsWith('type=image') ? `type=local,dest=${folder}` : arg));
  const said = new Said();
  const plain = local.map((arg) => (arg.startsWith('--progress') ? '--progress=plain' : arg));
  const exitCode = await stream({ ...command, args: plain }, { onStderr: said.add });
  if (exitCode !== 0) throw new Error(said.text);
  return said.text;
}

/** Every file below a folder, with mode and content. */
async function contents(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length);
    if (entry.isSymbolicLink()) return `${name} -> ${await readlink(path)}`;
    const mode = ((await stat(path)).mode & 0o7777).toString(8);
    return entry.isFile() ? `${name} ${mode} ${(await readFile(path)).toString('base64')}` : `${name}/ ${mode}`;
  });
  return (await Promise.all(lines)).sort();
}

it('compiles shared code once, and the images have the same files as without', async () => {
  const folder = (name: string): string => join(bench.scratch.folder, name);
  const first = await files('driver', cacheMounts, folder('driver-shared'));
  const second = await files('launcher', cacheMounts, folder('launcher-shared'));
  expect(first.match(/compiled src\/shared/g)).toHaveLength(5);
  expect(second.match(/found src\/shared/g)).toHaveLength(5);
  expect(second.match(/compiled src\/launcher/g)).toHaveLength(1);

  for (const name of ['driver', 'launcher']) {
    const plain = await files(name, [], folder(`${name}-plain`));
    expect(plain.match(/compiled src\/shared/g)).toHaveLength(5);
    const without = await contents(folder(`${name}-plain`));
    expect(await contents(folder(`${name}-shared`))).toEqual(without);
    expect(without.some((line) => line.startsWith(`/opt/out-${name} 755 `))).toBe(true);
  }
});
