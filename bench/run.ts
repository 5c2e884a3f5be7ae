import { document, table, type Result } from './figures';
import { readOptions, usage, type Options } from './options';
import { openSetting } from './setting';
import type { Progress } from './turns';
import type { Workload } from './workload';
import { compile, oneFile } from './workloads/compile';
import { emptied } from './workloads/emptied';
import { fanOut } from './workloads/fanOut';
import { doubling, kfpKeys, manyKeys } from './workloads/keys';
import { lastJob } from './workloads/lastJob';
import { logs } from './workloads/logs';
import { noKeyword } from './workloads/noKeyword';
import { manyUnchanged, unchanged } from './workloads/unchanged';
import { wait } from './workloads/wait';

/*
 * `npm run bench`: how fast, against whom. What is meant to hold everywhere is a ratio within one run; no test asserts a time.
 */

const workloads: readonly Workload[] = [
  noKeyword,
  kfpKeys,
  manyKeys,
  doubling,
  unchanged,
  wait,
  compile,
  oneFile,
  logs,
  emptied,
  manyUnchanged,
  fanOut,
  lastJob,
];

async function main(args: readonly string[]): Promise<number> {
  let options: Options | 'help';
  try {
    options = readOptions(args);
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${usage}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const { only, json } = options;
  const unknown = only.filter((name) => !workloads.some((workload) => workload.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`No such workload: ${unknown.join(', ')}\n\n${usage}`);
    return 2;
  }
  const progress: Progress = (line) => process.stderr.write(`${line}\n`);
  await using setting = await openSetting(options);
  const results: Result[] = [];
  for (const workload of workloads) {
    const { name, title } = workload;
    if (only.length > 0 && !only.includes(name)) continue;
    progress(`${name}  ${title}`);
    results.push({ workload: name, title, ...(await workload.run(setting, options, progress)) });
  }
  process.stdout.write(json ? document(results) : table(results));
  return 0;
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (thrown: unknown) => {
    console.error(thrown);
    process.exitCode = 1;
  },
);
