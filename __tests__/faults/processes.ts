import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Played } from './client';
import type { Player } from './round';

/** Bundles the driver into `folder`. Gives a player that starts a process for each run. */
export async function inProcesses(folder: string): Promise<Player> {
  const bundle = join(folder, 'driver.cjs');
  const entryPoints = [join(__dirname, 'driver.ts')];
  await build({
    entryPoints,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    outfile: bundle,
    logLevel: 'error',
  });
  return async (part, signal) => {
    const home = await mkdtemp(join(folder, 'home-'));
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home };
    const child = spawn(process.execPath, [bundle], { env, cwd: home, stdio: ['pipe', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
      });
    }
    // Killed before it read its part: that is not a mistake of the test's.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(part));
    void signal?.when.then(() => child.kill(signal.name));
    const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    const left = await readdir(home);
    await rm(home, { recursive: true, force: true });
    const problems = left.map((file) => `I5: ${file} is left`);
    const played = output.stdout === '' ? undefined : (JSON.parse(output.stdout) as Played);
    if (played === undefined && killedBy === null)
      problems.push(`Truth: it ended with ${String(code)} and told nothing: ${output.stderr.slice(-300)}`);
    if (played !== undefined && code !== exitCodeOf(played, signal?.name))
      problems.push(`Truth: ${played.kind}, but exit ${String(code)}`);
    return { played, output: `${output.stdout}\n${output.stderr}`, problems };
  };
}

function exitCodeOf(played: Played, signal: NodeJS.Signals | undefined): number {
  if (played.kind === 'stopped') return signal === 'SIGINT' ? 130 : 143;
  return played.kind === 'published' || played.kind === 'unchanged' ? 0 : 1;
}
