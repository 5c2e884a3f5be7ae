// Bundles src/ into dist/, or the folder that is given, with ncc, from nothing, so that no stale chunk stays behind. The Action and the
// command share one bundle, of which each loads its chunks: dist/main and dist/cli only say which of them is meant.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { leftOut, licensesOf } from './licenses.mjs';

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const ncc = join(top, 'node_modules', '@vercel', 'ncc', 'dist', 'ncc', 'cli.js');

const out = resolve(process.argv[2] ?? join(top, 'dist'));

rmSync(out, { recursive: true, force: true });
for (const entry of ['bundle', 'post']) {
  const folder = join(out, entry);
  // Types are checked by `npm run typecheck`.
  const left = leftOut.flatMap((name) => ['-e', name]);
  const args = [ncc, 'build', `src/${entry}.ts`, '--no-cache', '--transpile-only', ...left, '-o', folder, '-q'];
  execFileSync(process.execPath, args, { cwd: top, stdio: ['ignore', 'inherit', 'inherit'] });
  tidy(folder);
  writeFileSync(join(folder, 'licenses.txt'), await licensesOf(top, `src/${entry}.ts`));
}
for (const entry of ['main', 'cli']) {
  mkdirSync(join(out, entry));
  const code = `#!/usr/bin/env node\nrequire('../bundle/index.js').${entry}();\n`;
  writeFileSync(join(out, entry, 'index.js'), code, { mode: 0o755 });
}

/** Minifies every chunk (ncc would do it with the first alone), and removes protocol files that nothing reads at run time. */
function tidy(folder) {
  for (const name of ['proto', 'xds', 'protoc-gen-validate', 'package.json']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  for (const name of readdirSync(folder)) {
    if (!/^(?:\d+\.)?index\.js$/.test(name)) continue;
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
