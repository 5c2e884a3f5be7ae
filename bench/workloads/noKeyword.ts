import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '../../__tests__/support/engine';
import { ratio, type Figure } from '../figures';
import { measure } from '../measure';
import { takeTurns } from '../turns';
import type { Workload } from '../workload';

/** W4: most pushes name no image; then the Action is only to be gone again. */
export const noKeyword: Workload = {
  name: 'W4',
  title: 'No keyword: the Action’s bundle from start to exit',
  async run({ bundles }, { runs }, progress) {
    await using folder = await tempDir();
    const event = join(folder.path, 'event.json');
    const files = Object.fromEntries(
      ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV', 'GITHUB_PATH'].map((name) => [
        name,
        join(folder.path, name),
      ]),
    );
    const sha = '1'.repeat(40);
    await writeFile(
      event,
      JSON.stringify({
        ref: 'refs/heads/main',
        after: sha,
        deleted: false,
        repository: { full_name: 'dana/pipelines', default_branch: 'main', fork: false },
        head_commit: { id: sha, message: 'Fix a typing error' },
      }),
    );
    const env = {
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_EVENT_PATH: event,
      GITHUB_SHA: sha,
      GITHUB_REF: 'refs/heads/main',
      GITHUB_REF_NAME: 'main',
      GITHUB_REF_TYPE: 'branch',
      GITHUB_REPOSITORY: 'dana/pipelines',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_API_URL: 'http://127.0.0.1:9',
      GITHUB_WORKSPACE: folder.path,
      RUNNER_TEMP: folder.path,
      'INPUT_REGISTRY-PATH': '127.0.0.1:9/p/r',
    };
    const node = async (...args: readonly string[]): Promise<number> => {
      for (const file of Object.values(files)) await writeFile(file, '');
      return (await measure({ command: process.execPath, args, cwd: folder.path, env: { ...env, ...files } })).seconds;
    };
    const times = await takeTurns(Math.max(runs, 15), progress, {
      'node -e 0': () => node('-e', '0'),
      'kfp-images': () => node(join(bundles, 'main', 'index.js')),
    });
    const [bare, mine] = times.map(([name, values]): Figure => ({ workload: 'W4', name, unit: 's', values })) as [
      Figure,
      Figure,
    ];
    return { figures: [bare, mine, ratio('kfp-images / node -e 0', mine, bare, { atMost: 5 })], notes: [] };
  },
};
