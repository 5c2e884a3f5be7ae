import { bake, ours } from '../contenders';
import { ratio, type Figure } from '../figures';
import { shellFork } from '../forks';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

/** W3: the same commit once more. */
export const unchanged: Workload = {
  name: 'W3',
  title: 'Nothing changed: the same commit once more',
  async run(setting, { runs }, progress) {
    const fork = await shellFork(setting.base, (name) => `echo ${name} > /made`);
    try {
      const task = { fork, commit: fork.head, place: 'w3' };
      await bake(setting, task);
      await ours()(setting, { ...task, place: 'w3-ours' });
      const times = await takeTurns(Math.max(runs, 5), progress, {
        'bake, warm local cache': async () => (await bake(setting, task)).seconds,
        'kfp-images': async () => (await ours()(setting, { ...task, place: 'w3-ours' })).seconds,
      });
      const [baked, mine] = times.map(([name, values]): Figure => ({ workload: 'W3', name, unit: 's', values })) as [
        Figure,
        Figure,
      ];
      return {
        figures: [baked, { ...mine, goal: { atMost: 0.8 } }, ratio('bake / kfp-images', baked, mine, { atLeast: 3 })],
        notes: [],
      };
    } finally {
      await fork.remove();
    }
  },
};
