import { stream } from '../../src/system/exec';
import { ours } from '../contenders';
import type { Figure } from '../figures';
import { shellFork } from '../forks';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

const bytes = 100_000_000;
const line = 'compiled one more file of a program that has a great many of them, and tells so in a line';

/** W6: eight builds that say 100 MB each, all at once. */
export const logs: Workload = {
  name: 'W6',
  title: 'Memory while eight builds stream 100 MB of log each',
  async run(setting, { runs }, progress) {
    const fork = await shellFork(setting.base, (name) => `yes "${name} ${line}" | head -c ${bytes}`);
    try {
      await setting.cold();
      const heard = await logBytes(fork.directory);
      const seconds: number[] = [];
      const times = await takeTurns(
        runs,
        progress,
        {
          'kfp-images --max-parallel 8, peak': async (run) => {
            await setting.cold();
            const task = { fork, commit: fork.head, place: `w6-${run}` };
            const measured = await ours('--max-parallel', '8')(setting, task);
            seconds.push(measured.seconds);
            return measured.peakMB;
          },
        },
        'MB',
      );
      const figures = times.map(([name, values]): Figure => ({
        workload: 'W6',
        name,
        unit: 'MB',
        values,
        goal: { atMost: 150 },
      }));
      const clipped = `This engine passes on only ${(heard / 1e6).toFixed(0)} MB of each log (BUILDKIT_STEP_LOG_MAX_SIZE).`;
      return {
        figures: [...figures, { workload: 'W6', name: 'seconds it took', unit: 's', values: seconds }],
        notes: heard < bytes ? [clipped] : [],
      };
    } finally {
      await fork.remove();
    }
  },
};

/** How much of a build's log the engine passes on. */
async function logBytes(directory: string): Promise<number> {
  let heard = 0;
  const args = ['buildx', 'build', '--progress=plain', '--file', 'docker/Dockerfile.driver', '.'];
  await stream(
    { command: 'docker', args, cwd: directory },
    {
      onStderr: (chunk) => {
        heard += chunk.length;
      },
    },
  );
  return heard;
}
