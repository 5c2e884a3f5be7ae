import { bakeWithCache, ours, type Contender } from '../contenders';
import { ratio, type Figure } from '../figures';
import { compileFork, mainPackage } from '../forks';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

/** W7: what a hosted runner finds: an engine that has never built, and a registry that holds what others have made. */
export const emptied: Workload = {
  name: 'W7',
  title: 'One Go file of the driver changed, the engine emptied',
  async run(setting, { runs, library }, progress) {
    const golang = await setting.golang();
    if (golang === undefined) return { figures: [], notes: ['Go is not installed on this machine: not measured.'] };
    const fork = await compileFork(golang, setting.base, library);
    try {
      const [mine, none] = [ours(), ours('--cache', 'none')];
      progress('W7: everybody builds the commit before');
      for (const [contender, place] of [
        [bakeWithCache, 'w7-bake'],
        [none, 'w7-none'],
        [mine, 'w7'],
      ] as const) {
        await setting.cold();
        await contender(setting, { fork, commit: fork.head, place });
      }
      let changes = 0;
      const changed = async (contender: Contender, place: string): Promise<number> => {
        changes += 1;
        const files = { 'cmd/driver/main.go': mainPackage('driver', `change ${changes}`) };
        const commit = await fork.commit(`Change ${changes}`, files);
        return (await contender(setting, { fork, commit, place })).seconds;
      };
      const warm: number[] = [];
      const times = await takeTurns(runs, progress, {
        'bake, cache in the registry': async () => {
          await setting.cold();
          return changed(bakeWithCache, 'w7-bake');
        },
        'kfp-images --cache none': async () => {
          await setting.cold();
          const cold = await changed(none, 'w7-none');
          warm.push(await changed(none, 'w7-none'));
          progress(`  the same on the builder that is warm now ${(warm.at(-1) ?? NaN).toFixed(2)} s`);
          return cold;
        },
        'kfp-images': async () => {
          await setting.cold();
          return changed(mine, 'w7');
        },
      });
      const figures = [...times, ['kfp-images, warm builder', warm] as const].map(([name, values]): Figure => ({
        workload: 'W7',
        name,
        unit: 's',
        values,
      }));
      const [baked, cold, seeded, heated] = figures as [Figure, Figure, Figure, Figure];
      return {
        figures: [
          ...figures,
          ratio('kfp-images / kfp-images, warm builder', seeded, heated, { atMost: 1.8 }),
          ratio('kfp-images --cache none / kfp-images', cold, seeded, { atLeast: 4 }),
          ratio('bake, cache in the registry / kfp-images', baked, seeded, { atLeast: 20 }),
        ],
        notes: [`The shared library has ${library} packages.`],
      };
    } finally {
      await fork.remove();
    }
  },
};
