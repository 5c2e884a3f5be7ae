import { run } from '../../src/system/exec';
import type { Finished } from '../../src/system/exec';

/** kubectl itself, as an owner of Deployments would run it; `input` for `--filename=-`. */
export function runKubectl(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  input?: string,
): Promise<Finished> {
  return run({ command: 'kubectl', args, env, ...(input === undefined ? {} : { input }) });
}
