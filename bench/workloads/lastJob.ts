import { join } from 'node:path';
import { ratio, type Figure } from '../figures';
import { copyFork } from '../forks';
import { measure, type Measured } from '../measure';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

const platforms = ['--platforms', 'linux/amd64,linux/arm64'];

/** W11: what the last job of a matrix takes when its shards have built everything, against a run that has nothing to do at all. */
export const lastJob: Workload = {
  name: 'W11',
  title: 'The last job of a matrix: eight images, two platforms, everything built',
  async run(setting, { runs }, progress) {
    const fork = await copyFork();
    try {
      const run = (place: string, ...args: readonly string[]): Promise<Measured> =>
        measure({
          command: process.execPath,
          args: [
            join(setting.bundles, 'cli', 'index.js'),
            ...args,
            ...['--registry-path', `${setting.registryPath}/${place}`, '--credentials-json', setting.keyFile],
          ],
          cwd: fork.directory,
        });
      const all = ['build', '--images', 'all', '--latest', 'always'];
      await run('w11-once', ...all);
      const times = await takeTurns(Math.max(runs, 5), progress, {
        'nothing changed, one platform': async () => (await run('w11-once', ...all)).seconds,
        'last job, two platforms': async (turn) => {
          const place = `w11-${turn}`;
          const matrix = ['plan', '--images', 'all', '--matrix', '--fan-out', 'platforms', '--max-shards', '2'];
          const planned = await run(place, ...matrix, ...platforms);
          const { include } = JSON.parse(planned.stdout) as { readonly include: readonly { readonly shard: string }[] };
          for (const { shard } of include) await run(place, 'build', '--shard', shard, ...platforms);
          return (await run(place, ...all, ...platforms, '--shards', planned.stdout)).seconds;
        },
      });
      const [unchanged, last] = times.map(([name, values]): Figure => ({
        workload: 'W11',
        name,
        unit: 's',
        values,
      })) as [Figure, Figure];
      return {
        figures: [unchanged, last, ratio('last job / nothing changed', last, unchanged, { atMost: 1.5 })],
        notes: [
          'The last job joins the platforms of each image, binds apiserver and publishes the set; the other run reads alone.',
        ],
      };
    } finally {
      await fork.remove();
    }
  },
};
