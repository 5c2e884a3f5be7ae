import { readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, type Finished } from '../../src/system/exec';
import { bundle } from '../run/world';
import { startRegistry, type TestRegistry } from '../support/registry';
import { createPublishedFork, type PublishedFork } from './publishedFork';

/* The commands that docs/deploying.md shows, run as they stand there, block by block. */

const blocks = [...readFileSync('docs/deploying.md', 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
  ([, text = '']) => text,
);

/** Those about GitOps repositories need no cluster; all others do. */
export const gitOpsBlocks = blocks.filter((text) => text.includes('kfp-images gitops'));
export const clusterBlocks = blocks.filter((text) => !gitOpsBlocks.includes(text));

/** The name of a block for people: its first line. */
export function nameOf(block: string): string {
  return (block.split('\n')[0] ?? '').slice(0, 90);
}

/** What a reader has: a fork with published sets, a key, and `kfp-images` on PATH. */
export interface Reader extends AsyncDisposable {
  readonly registry: TestRegistry;
  readonly fork: PublishedFork;
  /** A folder of programs that is the first of PATH. */
  readonly bin: string;
  /** Runs a block; only the addresses are other ones. `env` comes on top of the login. */
  run(block: string, env?: Readonly<Record<string, string>>): Promise<Finished>;
}

/** `addresses`: what is in the page → what it is here, beside those of registries. */
export async function createReader(folder: string, addresses: Readonly<Record<string, string>> = {}): Promise<Reader> {
  const registry = await startRegistry();
  const fork = await createPublishedFork(registry, folder);
  const bin = join(folder, 'bin');
  await mkdir(bin);
  // Who sits at a terminal says y.
  const script = `#!/bin/sh\ncase $1 in deploy|rollback) set -- "$@" --yes ;; esac\nexec "${process.execPath}" "${bundle('cli')}" "$@"\n`;
  await writeFile(join(bin, 'kfp-images'), script, { mode: 0o755 });
  await copyFile(join('templates', 'Makefile'), join(fork.directory, 'Makefile'));
  await writeFile(join(fork.directory, 'key.json'), registry.keyJson, { mode: 0o600 });
  await writeFile(join(fork.directory, 'password.txt'), registry.password, { mode: 0o600 });
  const here = {
    'europe-west3-docker.pkg.dev/PROJECT/REPOSITORY': registry.path,
    'registry.example.com/group/project': registry.path,
    'deploy-token': registry.username,
    ...addresses,
  };
  return {
    registry,
    fork,
    bin,
    run: (block, env = {}) =>
      run({
        command: 'bash',
        args: ['-euo', 'pipefail', '-c', replaced(block, here)],
        cwd: fork.directory,
        env: { ...fork.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...env },
        unset: [
          'GCP_SA_KEY',
          'REGISTRY_PATH',
          'COMMIT',
          'NAMESPACE',
          'CONTEXT',
          'YES',
          'DRY_RUN',
          'MAKEFLAGS',
          'MAKELEVEL',
        ],
      }),
    [Symbol.asyncDispose]: () => registry.stop(),
  };
}

function replaced(text: string, by: Readonly<Record<string, string>>): string {
  return Object.entries(by).reduce((all, [from, to]) => all.replaceAll(from, to), text);
}
