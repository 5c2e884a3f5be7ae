// Writes what is written twice: the README's tables of inputs and outputs (from src/event/inputs.ts, where action.yml comes
// from too), and the description of the Action that `uses: $/` needs in a folder of its own. `--check` only compares.
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (path) => join(top, path);

const { outputFiles } = await build({
  entryPoints: [at('src/event/inputs.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
  logLevel: 'error',
});
const code = Buffer.from(outputFiles[0].contents).toString('base64');
const { actionInputs, actionOutputs } = await import(`data:text/javascript;base64,${code}`);

const mono = (text) => (text === '' ? '' : `\`${text}\``);
const row = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (heads, rows) => [row(heads), row(heads.map(() => '---')), ...rows.map(row)].join('\n');

const inputs = table(
  ['Input', 'Default', 'Meaning'],
  actionInputs.map((input) => [
    mono(input.name),
    input.default === '' ? (input.fallback ?? '') : mono(input.default),
    input.description,
  ]),
);
const outputs = table(
  ['Output', 'Meaning'],
  actionOutputs.map((output) => [mono(output.name), output.description]),
);

function between(text, name, content) {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

const readme = readFileSync(at('README.md'), 'utf8');
const options = { ...(await resolveConfig(at('README.md'))), parser: 'markdown' };
const wanted = new Map([
  ['README.md', await format(between(between(readme, 'inputs', inputs), 'outputs', outputs), options)],
  [
    '.github/actions/kfp-images/action.yml',
    readFileSync(at('action.yml'), 'utf8').replaceAll(/(main|post): dist\//g, '$1: ../../../dist/'),
  ],
]);

const check = process.argv.includes('--check');
for (const [path, text] of wanted) {
  if (readFileSync(at(path), 'utf8') === text) continue;
  if (check) {
    console.error(`${path} is not what the table of inputs gives. Run: node script/readme.mjs`);
    process.exitCode = 1;
  } else {
    writeFileSync(at(path), text);
    console.log(`wrote ${path}`);
  }
}
