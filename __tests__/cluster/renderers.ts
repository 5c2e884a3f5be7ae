import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from '../../src/system/exec';

/* kustomize and helm: those of PATH, else built from their published Go modules into the cache folder that script/cluster uses too. */

const modules = {
  kustomize: 'sigs.k8s.io/kustomize/kustomize/v5@v5.8.1',
  helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0',
} as const;

/** A PATH that has both. Building takes some minutes, once. */
export async function pathWithRenderers(): Promise<string> {
  const path = process.env['PATH'] ?? '';
  const cache =
    process.env['KFP_IMAGES_CLUSTER_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kfp-images', 'cluster');
  const folder = join(cache, 'renderers-5.8.1-3.22.0');
  const own = `${folder}${delimiter}${path}`;
  await mkdir(folder, { recursive: true });
  for (const [name, module] of Object.entries(modules)) {
    const env = { PATH: own, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' };
    // Who comes second waits, and finds it.
    const args = [join(folder, 'lock'), 'sh', '-c', `command -v ${name} || go install ${module}`];
    const { exitCode, stderr } = await run({ command: 'flock', args, env });
    if (exitCode !== 0) throw new Error(`go install ${module}: ${stderr}`);
  }
  return own;
}
