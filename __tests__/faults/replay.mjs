// npm run faults -- [--seed N | pN | wN | eN] [--runs N] [--whole N [--from N]]: the fault suite; one seed again, or more seeds than in a test run.
// pN: in processes; wN: whole runs of the Action, of which there are --whole, the first --from; eN: such in which the engine is stopped.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, runs: { type: 'string' }, whole: { type: 'string' }, from: { type: 'string' } },
});
const figures = mkdtempSync(join(tmpdir(), 'kfp-images-figures-'));
const env = { ...process.env, KFP_IMAGES_FAULT_FIGURES: figures };
if (values.seed !== undefined) env.KFP_IMAGES_FAULT_SEED = values.seed;
if (values.runs !== undefined) env.KFP_IMAGES_FAULT_RUNS = values.runs;
if (values.whole !== undefined) env.KFP_IMAGES_FAULT_WHOLE_RUNS = values.whole;
if (values.from !== undefined) env.KFP_IMAGES_FAULT_WHOLE_FROM = values.from;
const file = /^[we]/.test(values.seed ?? '') ? 'endToEnd.integration' : 'faults.integration';
const only = values.seed === undefined ? [] : [file, '-t', 'every seed holds'];
const { status } = spawnSync('vitest', ['run', '--config', 'vitest.faults.config.mts', ...only], {
  env,
  stdio: 'inherit',
});
try {
  process.stdout.write(`Fault suite\n${readFileSync(join(figures, 'figures'), 'utf8')}\n`);
} catch {
  // It ended before there were any.
}
rmSync(figures, { recursive: true, force: true });
process.exit(status ?? 1);
