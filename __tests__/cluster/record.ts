// Records what a real API server answers to the scenario of __tests__/deploy/scenarios.ts, for tests without one:
// script/cluster run -- node script/ts.mjs __tests__/cluster/record.ts
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKubectl, type Kubectl } from '../../src/deploy/kubectl';
import { place, play, second, type Recording } from '../deploy/scenarios';
import { startApiServer } from './apiServer';
import { startFakeNode } from './fakeNode';
import { installKfp } from './kfp';

async function main(): Promise<void> {
  await using server = await startApiServer();
  process.env['KUBECONFIG'] = server.kubeconfig;
  await installKfp(server, place.namespace, '2.5.0');
  const kept = ['ml-pipeline', 'cache-server'];
  const path = `/apis/apps/v1/namespaces/${place.namespace}/deployments`;
  const found = await server.api(path);
  for (const { metadata } of (found.json as { items: { metadata: { name: string } }[] }).items) {
    if (!kept.includes(metadata.name)) await server.api(`${path}/${metadata.name}`, { method: 'DELETE' });
  }
  await using node = await startFakeNode(server, place.namespace);
  node.fateOf = (image) =>
    image.endsWith(second.images['cacheserver']?.digest ?? '')
      ? { kind: 'no-pull', words: 'manifest unknown' }
      : { kind: 'runs' };
  const calls: Recording['calls'][number][] = [];
  const real = createKubectl(place);
  const recording: Kubectl = async (call) => {
    const answer = await real(call);
    calls.push({ args: call.args, ...answer, stdout: compact(answer.stdout) });
    return answer;
  };
  const played = await play(recording);
  const out = join(__dirname, '..', 'fixtures', 'deploy', 'recorded.json');
  await writeFile(out, `${JSON.stringify({ calls } satisfies Recording)}\n`);
  console.log(`${calls.length} calls`, played.deployed.kind, played.failed.kind, played.rolledBack.kind);
}

/** kubectl indents; what it says stays. */
function compact(stdout: string): string {
  return stdout.startsWith('{') ? JSON.stringify(JSON.parse(stdout)) : stdout;
}

void main();
