import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '../../__tests__/support/engine';
import { git } from '../../src/git/gitCommand';
import type { CatalogImage } from '../../src/types';
import { ratio, type Figure } from '../figures';
import { generateRepository, type Size } from '../generate';
import { measure, type Measured } from '../measure';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

const kfpSize: Size = { files: 4400, images: 8 };
const large: Size = { files: 100_000, images: 200 };

/** K1: the keys of KFP's eight images. */
export const kfpKeys: Workload = {
  name: 'K1',
  title: 'Eight content keys of a repository as large as kubeflow/pipelines',
  async run({ bundles }, { runs, repo }, progress) {
    await using folder = await tempDir();
    const plan = repo === undefined ? await generated(folder.path, kfpSize, bundles) : planOf(bundles, repo);
    const times = await takeTurns(Math.max(runs, 5), progress, {
      'kfp-images plan': async () => (await plan()).seconds,
    });
    return {
      figures: times.map(([name, values]): Figure => ({
        workload: 'K1',
        name,
        unit: 's',
        values,
        goal: { atMost: 0.5 },
      })),
      notes: repo === undefined ? ['A generated repository of 4,400 files.'] : ['A clone of kubeflow/pipelines.'],
    };
  },
};

/** K2: far more than anybody has. */
export const manyKeys: Workload = {
  name: 'K2',
  title: '200 content keys of a repository of 100,000 files',
  async run({ bundles }, { runs }, progress) {
    await using folder = await tempDir();
    const plan = await generated(folder.path, large, bundles);
    const peaks: number[] = [];
    const times = await takeTurns(runs, progress, {
      'kfp-images plan': async () => {
        const { seconds, peakMB } = await plan();
        peaks.push(peakMB);
        return seconds;
      },
    });
    return {
      figures: [
        ...times.map(([name, values]): Figure => ({ workload: 'K2', name, unit: 's', values, goal: { atMost: 3 } })),
        { workload: 'K2', name: 'peak', unit: 'MB', values: peaks, goal: { atMost: 300 } },
      ],
      notes: [],
    };
  },
};

/** K3: twice the files, at most twice the time. */
export const doubling: Workload = {
  name: 'K3',
  title: 'Twice the files, the same 200 images',
  async run({ bundles }, { runs }, progress) {
    await using folder = await tempDir();
    const half = await generated(join(folder.path, 'half'), { files: large.files / 2, images: large.images }, bundles);
    const whole = await generated(join(folder.path, 'whole'), large, bundles);
    const times = await takeTurns(runs, progress, {
      '50,000 files': async () => (await half()).seconds,
      '100,000 files': async () => (await whole()).seconds,
    });
    const [one, two] = times.map(([name, values]): Figure => ({ workload: 'K3', name, unit: 's', values })) as [
      Figure,
      Figure,
    ];
    return { figures: [one, two, ratio('twice the files', two, one, { atMost: 2 })], notes: [] };
  },
};

type Plan = () => Promise<Measured>;

/** `kfp-images plan`, from the start of Node to its exit. */
function planOf(bundles: string, directory: string, ...more: readonly string[]): Plan {
  const args = [join(bundles, 'cli', 'index.js'), 'plan', '--json', '--images', 'all', ...more];
  return () => measure({ command: process.execPath, args, cwd: directory });
}

async function generated(folder: string, size: Size, bundles: string): Promise<Plan> {
  const directory = join(folder, 'repository');
  await mkdir(directory, { recursive: true });
  const images = await generateRepository(join(directory, '.git'), size);
  await git(directory, 'give it a work tree', ['config', 'core.bare', 'false']);
  const catalog = join(folder, 'catalog.yaml');
  await writeFile(catalog, catalogOf(images));
  return planOf(bundles, directory, '--catalog', catalog);
}

/** JSON, which is YAML. */
function catalogOf(images: readonly CatalogImage[]): string {
  const entries = images.map(({ name, dockerfile, inputs }) => [
    name,
    { dockerfile, ...(inputs.kind === 'go' ? { inputs: { go: inputs.mainPackage } } : {}) },
  ]);
  return JSON.stringify({ version: 1, images: Object.fromEntries(entries) as unknown });
}
