// A trigger as a process of its own, at a terminal as far as it knows: argument 1 is the work tree.
import { trigger } from '../../src/commands/trigger/trigger';
import { ExplainedError, InterruptedError } from '../../src/errors';

const controller = new AbortController();
process.on('SIGINT', () => controller.abort(new InterruptedError('SIGINT')));
const silent = (): undefined => undefined;

trigger(
  { cwd: process.argv[2] ?? '', images: 'driver', allowEmpty: false, sync: false, dryRun: false },
  {
    log: { debug: silent, info: silent, warning: silent, error: silent },
    showPlan: silent,
    signal: controller.signal,
    interactive: true,
  },
).then(
  (result) => console.log(result.commit),
  (thrown: unknown) => {
    console.error(String(thrown));
    process.exitCode = thrown instanceof ExplainedError ? thrown.exitCode : 1;
  },
);
