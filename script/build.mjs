// Bundles the three entries into dist/ with ncc, from nothing, so that no stale chunk stays behind.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, cpSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(top, 'dist');
const ncc = join(top, 'node_modules', '@vercel', 'ncc', 'dist', 'ncc', 'cli.js');

rmSync(dist, { recursive: true, force: true });
for (const entry of ['main', 'post', 'cli']) {
  execFileSync(
    process.execPath,
    [ncc, 'build', `src/${entry}.ts`, '-m', '--no-cache', '--transpile-only', '-o', join('dist', entry), '-q'],
    {
      cwd: top,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
}
