import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createBuilder, startBuildkitd, type Buildkitd } from '../../__tests__/builders/buildkitd';
import { tempDir } from '../../__tests__/support/engine';
import { ratio, type Figure } from '../figures';
import { compileFork, type Fork } from '../forks';
import { measure, type Measured } from '../measure';
import type { Setting } from '../setting';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

/** W10: two machines of one core each against one of them. Each is a buildkitd that is bound to a core, with an empty cache. */
export const fanOut: Workload = {
  name: 'W10',
  title: 'Eight Go images cold, builders of one core each',
  async run(setting, { runs, library }, progress) {
    const golang = await setting.golang();
    const missing = golang === undefined ? 'Go' : process.env['KFP_IMAGES_BUILDKITD'] === undefined ? 'buildkitd' : '';
    if (golang === undefined || missing !== '')
      return { figures: [], notes: [`No ${missing} here: not measured. script/builders run -- makes both ready.`] };
    const cold =
      (count: 1 | 2) =>
      async (turn: number): Promise<number> => {
        const fork = await compileFork(golang, setting.base, library);
        try {
          await using machines = await startMachines(count);
          const run = commandOn(setting, machines, fork, `w10-${count}-${turn}-${fork.head.slice(0, 8)}`);
          return await (count === 1 ? alone : fanned)(run, machines);
        } finally {
          await fork.remove();
        }
      };
    const times = await takeTurns(runs, progress, { 'one builder': cold(1), 'fan-out over two': cold(2) });
    const [one, two] = times.map(([name, values]): Figure => ({ workload: 'W10', name, unit: 's', values })) as [
      Figure,
      Figure,
    ];
    return {
      figures: [one, two, ratio('fan-out over two / one builder', two, one, { atMost: 0.6 })],
      notes: [
        `The shared library has ${library} packages. With fan-out: the plan, both shards side by side, the last run.`,
      ],
    };
  },
};

interface Machines extends AsyncDisposable {
  /** Names of buildx builders. */
  readonly builders: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function startMachines(count: number): Promise<Machines> {
  const folder = await tempDir();
  const config = join(folder.path, 'buildx');
  await mkdir(config);
  const builders = Array.from({ length: count }, (_, index) => `core${index}`);
  const daemons: Buildkitd[] = [];
  for (const [core, name] of builders.entries()) {
    const daemon = await startBuildkitd(join(folder.path, name), { core, isFast: true });
    daemons.push(daemon);
    await createBuilder(config, name, [daemon]);
  }
  return {
    builders,
    env: { BUILDX_CONFIG: config },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
      await folder.remove();
    },
  };
}

type Run = (core: number, args: readonly string[]) => Promise<Measured>;

/** The command on the machine with that core. */
function commandOn(setting: Setting, { env }: Machines, fork: Fork, place: string): Run {
  return (core, args) =>
    measure({
      command: 'taskset',
      args: [
        ...['--cpu-list', String(core), process.execPath, join(setting.bundles, 'cli', 'index.js'), ...args],
        ...['--registry-path', `${setting.registryPath}/${place}`, '--credentials-json', setting.keyFile],
      ],
      cwd: fork.directory,
      env,
    });
}

const all = ['--images', 'all', '--latest', 'always'];
const on = (builder = ''): readonly string[] => ['--builder', builder, '--cache', 'none'];

async function alone(run: Run, { builders }: Machines): Promise<number> {
  return (await run(0, ['build', ...all, ...on(builders[0])])).seconds;
}

/** The job that plans, the shards side by side, the job that publishes. */
async function fanned(run: Run, { builders }: Machines): Promise<number> {
  const planned = await run(0, ['plan', '--images', 'all', '--matrix', '--max-shards', String(builders.length)]);
  const { include } = JSON.parse(planned.stdout) as { readonly include: readonly { readonly shard: string }[] };
  const shards = await Promise.all(
    include.map(({ shard }, core) => run(core, ['build', '--shard', shard, ...on(builders[core])])),
  );
  const last = await run(0, ['build', ...all, '--shards', planned.stdout]);
  return planned.seconds + Math.max(...shards.map(({ seconds }) => seconds)) + last.seconds;
}
