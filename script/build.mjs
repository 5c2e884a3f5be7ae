// Bundles the three entries into dist/ with ncc, from nothing, so that no stale chunk stays behind.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const ncc = join(top, 'node_modules', '@vercel', 'ncc', 'dist', 'ncc', 'cli.js');

rmSync(join(top, 'dist'), { recursive: true, force: true });
for (const entry of ['main', 'post', 'cli']) {
  const folder = join('dist', entry);
  // Types are checked by `npm run typecheck`.
  const args = [ncc, 'build', `src/${entry}.ts`, '-m', '--no-cache', '--transpile-only', '-o', folder, '-q'];
  execFileSync(process.execPath, args, { cwd: top, stdio: ['ignore', 'inherit', 'inherit'] });
  tidy(join(top, folder));
}

/** ncc minifies the first chunk only, and copies protocol files that nothing reads at run time. */
function tidy(folder) {
  for (const name of ['proto', 'xds', 'protoc-gen-validate', 'package.json']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  for (const name of readdirSync(folder)) {
    if (!/^\d+\.index\.js$/.test(name)) continue;
    const file = join(folder, name);
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      minify: true,
      target: 'node24',
      format: 'cjs',
      legalComments: 'none',
    });
    writeFileSync(file, code);
  }
}
