// npm run faults -- [--seed N | --seed pN] [--runs N]: the fault suite alone; one seed again, or more seeds than in a test run.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { seed: { type: 'string' }, runs: { type: 'string' } } });
const env = { ...process.env };
if (values.seed !== undefined) env.KFP_IMAGES_FAULT_SEED = values.seed;
if (values.runs !== undefined) env.KFP_IMAGES_FAULT_RUNS = values.runs;
const args = [
  'run',
  '--config',
  'vitest.faults.config.ts',
  ...(values.seed === undefined ? [] : ['-t', 'every seed holds']),
];
const { status } = spawnSync('vitest', args, { env, stdio: 'inherit' });
process.exit(status ?? 1);
