// Runs a TypeScript file of this project: node script/ts.mjs FILE [ARG…]. Bundled in memory with esbuild, because the
// package is CommonJS (for ncc) while its dependencies are ES modules, which no loader of single files joins.
import { createRequire } from 'node:module';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node script/ts.mjs FILE [ARG…]');
  process.exit(2);
}
const { outputFiles } = await build({
  entryPoints: [resolve(file)],
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  write: false,
  logLevel: 'error',
  sourcemap: 'inline',
  define: { __dirname: JSON.stringify(dirname(resolve(file))) },
});
const folder = join(top, 'node_modules', '.cache', 'kfp-images');
mkdirSync(folder, { recursive: true });
const bundle = join(folder, `${process.pid}.cjs`);
writeFileSync(bundle, outputFiles[0].contents);
process.on('exit', () => rmSync(bundle, { force: true }));
process.argv = [process.argv[0], resolve(file), ...args];
process.setSourceMapsEnabled(true);
createRequire(import.meta.url)(bundle);
