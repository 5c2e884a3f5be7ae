// node script/test.mjs [VITEST ARG…]: the tests. Where up to three files fail beside others, these run once more, alone: what
// fails again is a fault; what passes then depends on how busy the machine is, and is named at the end, and on GitHub as a warning.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const most = 3;
const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'kfp-images-tests-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const first = run('first', args);
const failed = first.status === 1 ? failedFiles(first.report) : [];
if (failed.length === 0 || failed.length > most) process.exit(first.status ?? 1);

console.log(`Run once more, alone: ${failed.join(' ')}\n`);
const again = run('again', [...args, '--no-file-parallelism', ...failed]);
if (again.status !== 0) process.exit(again.status ?? 1);
for (const file of failed) {
  const words = `${file} failed beside the other tests and passed alone: it depends on how busy the machine is. See its failure above, and fix it.`;
  console.log(process.env.GITHUB_ACTIONS === 'true' ? `::warning file=${file}::${words}` : words);
}

/** One run of vitest: its exit status, and the file in which its JSON report is. */
function run(name, vitestArgs) {
  const report = join(folder, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status, signal } = spawnSync('vitest', ['run', ...reporters, ...vitestArgs], { stdio: 'inherit' });
  return { status: signal === null ? status : 1, signal, report };
}

/** The files with failed tests, relative to this folder; none where anything failed that belongs to no file. */
function failedFiles(report) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    return [];
  }
  return results.filter(({ status }) => status === 'failed').map(({ name }) => relative(process.cwd(), name));
}
