import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { chainProblems } from '../../src/deploy/gitops/kustomizeShapes';
import { readSource } from '../../src/deploy/gitops/source';
import { wantedImages } from '../../src/deploy/gitops/wanted';
import { run } from '../../src/system/exec';
import { lockOf } from '../deploy/lockOf';
import { deployment } from './gitopsFiles';
import { pathWithRenderers } from './renderers';

/* What an `images:` list makes of a name, by real kustomize and by ours. */

const images = wantedImages(kfpCatalog, lockOf('one'), []);

let folder: string;
// Building them may take long.
beforeAll(pathWithRenderers, 1_200_000);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfp-images-chain-'));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

test('entries that feed each other end where kustomize says', async () => {
  const path = await pathWithRenderers();
  const names = ['ghcr.io/kubeflow/kfp-api-server', 'mirror/api', '.*/kfp-api-server', 'europe-.*', 'mirror/.*'];
  const ours = images.find(({ name }) => name === 'apiserver');
  let seed = 7;
  const next = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  let [right, wrong] = [0, 0];
  for (let round = 0; round < 40; round++) {
    const entries = Array.from({ length: 1 + next(3) }, () => ({
      name: names[next(names.length)],
      ...(next(3) > 0 ? { newName: [ours?.repository, ours?.repository, 'mirror/api'][next(3)] } : {}),
      ...[{ newTag: 'v1' }, { digest: ours?.digest }, { newTag: 'v1', digest: ours?.digest }, { digest: ours?.digest }][
        next(4)
      ],
    }));
    const text = JSON.stringify({ resources: ['deployment.yaml'], images: entries });
    const at = join(folder, `chain-${round}`);
    await mkdir(at);
    await writeFile(join(at, 'kustomization.yaml'), text);
    await writeFile(join(at, 'deployment.yaml'), deployment([]));
    const built = await run({ command: 'kustomize', args: ['build', at], env: { PATH: path } });
    const made = /image: (\S+)/.exec(built.stdout)?.[1] ?? '';
    const source = readSource('kustomization.yaml', text);
    const list = { source, path: [0, 'images'], value: entries, keys: ['images'], target: undefined };
    const problem = chainProblems(list, images).filter(
      (each) => each.includes('ghcr.io') || each.includes('apiserver'),
    );
    const touched = made !== 'ghcr.io/kubeflow/kfp-api-server:2.17.0';
    const isRight = made.startsWith(ours?.repository ?? '') && made.endsWith(ours?.digest ?? '');
    // Our own name is followed too, so that a chain may be refused which this Deployment does not meet; never the other way round.
    if (touched && !isRight) expect(problem, `${text} gives ${made}`).not.toEqual([]);
    if (isRight) right++;
    else wrong++;
  }
  expect(Math.min(right, wrong)).toBeGreaterThan(2);
});
