import { bake, ours } from '../contenders';
import { ratio, type Figure } from '../figures';
import { namesOf, shellFork } from '../forks';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

const made = (name: string): string => `echo ${name} > /made`;

/** W3: the same commit once more. */
export const unchanged: Workload = {
  name: 'W3',
  title: 'Nothing changed: the same commit once more',
  async run(setting, { runs }, progress) {
    const fork = await shellFork(setting.base, made);
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
        figures: [baked, { ...mine, goal: { atMost: 0.8 } }, ratio('bake / kfp-images', baked, mine, { atLeast: 5 })],
        notes: [],
      };
    } finally {
      await fork.remove();
    }
  },
};

/** W9: the same with eight times as many images. */
export const manyUnchanged: Workload = {
  name: 'W9',
  title: 'Nothing changed, 64 images',
  async run(setting, { runs }, progress) {
    const [few, many] = await Promise.all([
      shellFork(setting.base, made, namesOf(8)),
      shellFork(setting.base, made, namesOf(64)),
    ]);
    try {
      const again = (fork: typeof few, place: string) => async (): Promise<number> =>
        (await ours()(setting, { fork, commit: fork.head, place })).seconds;
      progress('W9: both are built');
      await again(few, 'w9-8')();
      await again(many, 'w9-64')();
      const times = await takeTurns(Math.max(runs, 5), progress, {
        '8 images': again(few, 'w9-8'),
        '64 images': again(many, 'w9-64'),
      });
      const [eight, all] = times.map(([name, values]): Figure => ({ workload: 'W9', name, unit: 's', values })) as [
        Figure,
        Figure,
      ];
      return { figures: [eight, all, ratio('64 images / 8', all, eight, { atMost: 4 })], notes: [] };
    } finally {
      await Promise.all([few.remove(), many.remove()]);
    }
  },
};
