import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiServer } from './apiServer';

/** The releases whose Deployments are in __tests__/fixtures/deploy (made by script/cluster-fixtures.mjs). */
export const releases = ['2.3.0', '2.5.0', '2.14.4', 'head'] as const;
export type Release = (typeof releases)[number];

/** What a fixture holds. */
export interface KfpFixture {
  readonly deployments: readonly {
    readonly name: string;
    readonly serviceAccountName?: string;
    readonly initContainers?: readonly { readonly name: string; readonly image: string }[];
    readonly containers: readonly {
      readonly name: string;
      readonly image: string;
      readonly env?: readonly { readonly name: string }[];
    }[];
  }[];
  readonly profileControllerReads: readonly string[];
}

export async function kfpFixture(release: Release): Promise<KfpFixture> {
  const path = join(__dirname, '..', 'fixtures', 'deploy', `kfp-${release}.json`);
  return JSON.parse(await readFile(path, 'utf8')) as KfpFixture;
}

/** A Deployment as a cluster would have it, from a fixture's short form. */
export function deploymentObject(short: KfpFixture['deployments'][number], namespace: string): object {
  const { name, ...podSpec } = short;
  const script = name === 'kubeflow-pipelines-profile-controller';
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { ...podSpec, ...(script ? { volumes: [{ name: 'hooks', configMap: { name: `${name}-code` } }] } : {}) },
      },
    },
  };
}

/** Makes a namespace with the Deployments of a release, and the profile controller's script as far as it matters. */
export async function installKfp(server: ApiServer, namespace: string, release: Release): Promise<void> {
  const fixture = await kfpFixture(release);
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await server.api(path, { method: 'POST', body });
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.json)}`);
  };
  await post('/api/v1/namespaces', { metadata: { name: namespace } });
  await post(`/api/v1/namespaces/${namespace}/configmaps`, {
    metadata: { name: 'kubeflow-pipelines-profile-controller-code' },
    data: { 'sync.py': fixture.profileControllerReads.map((name) => `os.environ.get("${name}")`).join('\n') },
  });
  for (const short of fixture.deployments) {
    await post(`/apis/apps/v1/namespaces/${namespace}/deployments`, deploymentObject(short, namespace));
  }
}
