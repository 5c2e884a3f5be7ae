import { bake, oldWay, ours, type Contender } from '../contenders';
import { ratio, type Figure } from '../figures';
import { shellFork } from '../forks';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

/** Seconds that each image waits, as for a slow network; apiserver longest, driver and launcher not much less, as in KFP. */
const waits: Readonly<Record<string, number>> = {
  driver: 14,
  launcher: 13,
  apiserver: 16,
  cacheserver: 5,
  persistenceagent: 6,
  scheduledworkflow: 6,
  viewercontroller: 5,
  visualization: 4,
};
const longest = Math.max(...Object.values(waits));

/** W2: no work for a CPU, so what counts is who waits for whom. */
export const wait: Workload = {
  name: 'W2',
  title: `Eight images that wait; apiserver longest, ${longest} s`,
  async run(setting, { runs }, progress) {
    const fork = await shellFork(setting.base, (name) => `sleep ${waits[name] ?? 0}`);
    try {
      const cold =
        (contender: Contender, who: string) =>
        async (run: number): Promise<number> => {
          await setting.cold();
          return (await contender(setting, { fork, commit: fork.head, place: `w2-${who}-${run}` })).seconds;
        };
      const times = await takeTurns(runs, progress, {
        'the old way': cold(oldWay, 'old'),
        bake: cold(bake, 'bake'),
        // As bake, which has no limit: by default ours builds as many images at once as there are CPUs.
        'kfp-images --max-parallel 8': cold(ours('--max-parallel', '8'), 'ours'),
      });
      const [old, baked, mine] = times.map(([name, values]): Figure => ({
        workload: 'W2',
        name,
        unit: 's',
        values,
      })) as [Figure, Figure, Figure];
      const image: Figure = { workload: 'W2', name: '', unit: 's', values: mine.values.map(() => longest) };
      return {
        figures: [
          old,
          baked,
          mine,
          ratio('kfp-images / the longest image', mine, image, { atMost: 1.15 }),
          ratio('bake / kfp-images', baked, mine, { atLeast: 1.6 }),
          ratio('the old way / kfp-images', old, mine),
        ],
        notes: [],
      };
    } finally {
      await fork.remove();
    }
  },
};
