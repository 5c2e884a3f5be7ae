import { tempDir } from '../../__tests__/support/engine';
import { bake, native, oldWay, ours, type Contender } from '../contenders';
import { ratio, type Figure, type Result } from '../figures';
import { compileFork, mainPackage } from '../forks';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

const noGo = 'Go is not installed on this machine, so there is no toolchain to build with: not measured.';

/** W1: everything cold, so what counts is how often the shared library is compiled. */
export const compile: Workload = {
  name: 'W1',
  title: 'Eight Go images with one shared library, everything cold',
  async run(setting, { runs, library }, progress): Promise<Omit<Result, 'workload' | 'title'>> {
    const golang = await setting.golang();
    if (golang === undefined) return { figures: [], notes: [noGo] };
    const times = await takeTurns(runs, progress, {
      'the old way': cold(oldWay),
      bake: cold(bake),
      'kfp-images': cold(ours()),
      'go build of all eight': cold(alone),
    });
    const [old, baked, mine, limit] = times.map(([name, values]) => seconds('W1', name, values)) as [
      Figure,
      Figure,
      Figure,
      Figure,
    ];
    const goal = { atLeast: 5 };
    return {
      figures: [
        old,
        baked,
        mine,
        limit,
        ratio('the old way / kfp-images', old, mine, goal),
        ratio('bake / kfp-images', baked, mine, goal),
        ratio('kfp-images / go build of all eight', mine, limit, { atMost: 1.3 }),
      ],
      notes: [`The shared library has ${library} packages.`],
    };

    function cold(contender: Contender): (run: number) => Promise<number> {
      return async () => {
        // A fork of its own, whose name is part of what names the shared caches.
        const fork = await compileFork(golang ?? '', setting.base, library);
        try {
          await setting.cold();
          return (
            await contender(setting, { fork, commit: fork.head, place: `w1-${fork.head.slice(0, 8)}-${Date.now()}` })
          ).seconds;
        } finally {
          await fork.remove();
        }
      };
    }
  },
};

/** The limit of the machine: one `go build` with a cache of its own that is empty. */
const alone: Contender = async (setting, task) => {
  await using folder = await tempDir();
  return await native(folder.path)(setting, task);
};

/** W5: everybody has built the commit before; then one Go file of the driver changes. */
export const oneFile: Workload = {
  name: 'W5',
  title: 'One Go file of the driver changed, everything warm',
  async run(setting, { runs, library }, progress): Promise<Omit<Result, 'workload' | 'title'>> {
    const golang = await setting.golang();
    if (golang === undefined) return { figures: [], notes: [noGo] };
    const fork = await compileFork(golang, setting.base, library);
    try {
      await setting.cold();
      progress('W5: everybody builds the commit before');
      const contenders = { 'the old way': oldWay, bake, 'kfp-images': ours() };
      for (const contender of Object.values(contenders))
        await contender(setting, { fork, commit: fork.head, place: 'w5' });
      let changes = 0;
      const changed = (contender: Contender) => async (): Promise<number> => {
        // Each has a change of its own, so that nobody finds in the layer cache what another has built.
        changes += 1;
        const files = { 'cmd/driver/main.go': mainPackage('driver', `change ${changes}`) };
        const commit = await fork.commit(`Change ${changes}`, files);
        return (await contender(setting, { fork, commit, place: 'w5' })).seconds;
      };
      const times = await takeTurns(runs, progress, {
        'the old way': changed(oldWay),
        bake: changed(bake),
        'kfp-images': changed(ours()),
      });
      const [old, baked, mine] = times.map(([name, values]) => seconds('W5', name, values)) as [Figure, Figure, Figure];
      const goal = { atLeast: 2 };
      return {
        figures: [
          old,
          baked,
          mine,
          ratio('the old way / kfp-images', old, mine, goal),
          ratio('bake / kfp-images', baked, mine, goal),
        ],
        notes: [],
      };
    } finally {
      await fork.remove();
    }
  },
};

function seconds(workload: string, name: string, values: readonly number[]): Figure {
  return { workload, name, unit: 's', values };
}
