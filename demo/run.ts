import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoBaseImages } from './baseImages';
import { docker, tempDir } from '../__tests__/support/engine';
import { createFork } from '../__tests__/support/fork';
import { dockerConfig, startRegistry } from '../__tests__/support/registry';
import { runStep } from '../__tests__/support/runner';

/*
 * The main job for real: a small fork of Kubeflow Pipelines, a keyword in a commit message, builds in a Docker engine, a set pushed
 * to a registry with a login. Nothing is faked but the fork's compiler (demo/base/go), so that no Go is needed.
 */

const top = process.cwd();
const cli = join(top, 'dist', 'cli', 'index.js');

async function main(): Promise<void> {
  await using registry = await startRegistry();
  await using folder = await tempDir();
  const fork = await createFork();
  try {
    await demoBaseImages();
    const key = join(folder.path, 'key.json');
    await writeFile(key, registry.keyJson, { mode: 0o600 });
    const target = ['--registry-path', registry.path, '--credentials-json', key];

    say('A commit whose message holds a keyword');
    const commit = await fork.commit('Let the driver say hello [backend-all]', {
      'docs/notes.md': 'A first change.\n',
    });
    show(`git log -1 --format=%s\n${await fork.git('log', '-1', '--format=%s')}`);

    say('What would be built, and why');
    await kfpImages(fork.directory, ['plan']);

    say('Build, bind, push: the same code as the Action, from a terminal');
    await kfpImages(fork.directory, ['build', ...target]);

    say('The lock file: one release set, each image by digest');
    show(await readFile(join(fork.directory, 'kfp-images.lock.json'), 'utf8'));

    say('The pushed apiserver carries the driver and launcher of its own set');
    const lock = JSON.parse(await readFile(join(fork.directory, 'kfp-images.lock.json'), 'utf8')) as {
      images: Record<string, { repository: string; digest: string }>;
    };
    const apiserver = lock.images['apiserver'];
    if (apiserver === undefined) throw new Error('the lock file has no apiserver');
    const DOCKER_CONFIG = await dockerConfig(registry, folder.path);
    const reference = `${apiserver.repository}@${apiserver.digest}`;
    show(`docker run --rm ${reference}`);
    await docker(['pull', '--quiet', reference], { env: { DOCKER_CONFIG } });
    show(await docker(['run', '--rm', '--network', 'none', reference]));

    say(
      'A commit that changes one file of the driver, as GitHub would run it: the Action bundle, an event file, nothing else',
    );
    const source = await readFile(join(fork.directory, 'backend/src/v2/driver/driver.go'), 'utf8');
    const next = await fork.commit('Teach the driver a trick [backend-all]', {
      'backend/src/v2/driver/driver.go': `${source}\n// A trick.\n`,
    });
    const step = await runStep(
      {
        bundle: join(top, 'dist', 'main', 'index.js'),
        workspace: fork.directory,
        event: 'push',
        sha: next,
        payload: {
          ref: 'refs/heads/main',
          before: commit,
          after: next,
          deleted: false,
          repository: { full_name: 'dana/pipelines', default_branch: 'main', fork: false },
          head_commit: { id: next, message: await fork.git('log', '-1', '--format=%B') },
        },
        inputs: { 'registry-path': registry.path, 'credentials-json': registry.keyJson },
        onStdout: (chunk) => process.stdout.write(chunk),
      },
      join(top, 'dist', 'post', 'index.js'),
    );
    if (step.exitCode !== 0) throw new Error(`the Action ended with ${step.exitCode}: ${step.stderr}`);

    say('Its job summary');
    show(step.summary);

    say('The same commit once more: nothing to build, nothing to push');
    await kfpImages(fork.directory, ['build', ...target]);
  } finally {
    await fork.remove();
  }
}

function say(title: string): void {
  console.log(`\n\u001b[1m── ${title}\u001b[0m`);
}

function show(text: string): void {
  console.log(text.trimEnd());
}

/** The installed command, on this terminal. */
async function kfpImages(cwd: string, args: readonly string[]): Promise<void> {
  show(`$ kfp-images ${args.join(' ')}`);
  const child = spawn(process.execPath, [cli, ...args], { cwd, stdio: 'inherit' });
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (code !== 0) throw new Error(`kfp-images ${args[0] ?? ''} ended with ${String(code)}`);
}

main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exitCode = 1;
});
