import { afterAll, beforeAll, expect, it } from 'vitest';
import { bindImage } from '../../src/builder/bindImage';
import type { Registry } from '../../src/types';
import { docker } from '../support/engine';
import { dockerConfig, startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { base, openWorkbench, type Workbench } from './workbench';

let registry: TestRegistry;
let bench: Workbench;
let client: Registry;
let repository: string;

beforeAll(async () => {
  registry = await startRegistry();
  bench = await openWorkbench(registry);
  client = testClient({ login: registry }).registry;
  repository = `${registry.path}/driver`;
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await registry.stop();
});

const env = { V2_DRIVER_IMAGE: 'r.test/driver@sha256:1', V2_LAUNCHER_IMAGE: 'r.test/launcher@sha256:2' };

async function built(dockerfile: string, tag: string): Promise<string> {
  await bench.write({ Dockerfile: dockerfile });
  const { outcome } = await bench.build({}, { request: { tag } });
  if (outcome.kind !== 'built') throw new Error(JSON.stringify(outcome));
  return outcome.digest;
}

/** With the private login of the workbench. */
async function loggedIn(...args: readonly string[]): Promise<string> {
  return docker(args, { env: { DOCKER_CONFIG: await dockerConfig(registry, bench.scratch.docker) } });
}

async function json(reference: string): Promise<Record<string, unknown>> {
  const manifest = await client.manifest(repository, reference);
  return JSON.parse(Buffer.from(manifest?.bytes ?? []).toString()) as Record<string, unknown>;
}

it('shows the variables to docker inspect and to the process, over the very same layers', async () => {
  const unbound = await built(
    `FROM ${base}\nENV V2_DRIVER_IMAGE=before KEPT=yes\nRUN echo made > /made\nUSER 65534\nCMD ["sh", "-c", "echo $V2_DRIVER_IMAGE $V2_LAUNCHER_IMAGE $KEPT $(cat /made)"]\n`,
    'key-bind',
  );
  const bound = await bindImage(client, repository, unbound, env);
  expect(await client.head(repository, bound.digest)).toEqual({
    mediaType: bound.mediaType,
    digest: bound.digest,
    size: bound.size,
  });
  const [before, after] = [await json(unbound), await json(bound.digest)];
  expect(after['layers']).toEqual(before['layers']);
  expect(after['mediaType']).toBe(before['mediaType']);
  expect((await client.head(repository, 'key-bind'))?.digest).toBe(unbound);

  const reference = `${repository}@${bound.digest}`;
  await loggedIn('pull', '--quiet', reference);
  const inspected = await docker(['image', 'inspect', '--format', '{{json .Config.Env}} {{.Config.User}}', reference]);
  expect(inspected).toContain('"V2_DRIVER_IMAGE=r.test/driver@sha256:1"');
  expect(inspected).toContain('"V2_LAUNCHER_IMAGE=r.test/launcher@sha256:2"');
  expect(inspected).not.toContain('before');
  expect(inspected).toMatch(/ 65534$/);
  const ran = await docker(['run', '--rm', '--network', 'none', reference]);
  expect(ran).toBe('r.test/driver@sha256:1 r.test/launcher@sha256:2 yes made');
  expect(await docker(['image', 'history', '--no-trunc', '--format', '{{.CreatedBy}}', reference])).toContain(
    'ENV V2_DRIVER_IMAGE=r.test/driver@sha256:1 V2_LAUNCHER_IMAGE=r.test/launcher@sha256:2',
  );

  expect((await bindImage(client, repository, unbound, env)).digest).toBe(bound.digest);
});

it('binds each platform of an index', async () => {
  const [one, other] = [
    await built(`FROM ${base}\nENV A=1\n`, 'key-one'),
    await built(`FROM ${base}\nENV A=2\n`, 'key-other'),
  ];
  const index = `${repository}:key-index`;
  await loggedIn('buildx', 'imagetools', 'create', '--tag', index, `${repository}@${one}`, `${repository}@${other}`);
  const unbound = (await client.head(repository, 'key-index'))?.digest ?? '';
  const bound = await bindImage(client, repository, unbound, env);
  const { manifests } = (await json(bound.digest)) as {
    readonly manifests: readonly { readonly digest: string; readonly platform: unknown }[];
  };
  const before = (await json(unbound))['manifests'] as typeof manifests;
  expect(manifests.map(({ platform }) => platform)).toEqual(before.map(({ platform }) => platform));
  expect(manifests).toHaveLength(2);
  for (const [at, { digest }] of manifests.entries()) {
    expect((await json(digest))['layers']).toEqual((await json(before[at]?.digest ?? ''))['layers']);
    const reference = `${repository}@${digest}`;
    await loggedIn('pull', '--quiet', reference);
    expect(await docker(['run', '--rm', '--network', 'none', reference, 'sh', '-c', 'echo $A $V2_DRIVER_IMAGE'])).toBe(
      `${at + 1} r.test/driver@sha256:1`,
    );
  }
  // An engine finds its platform in the bound index.
  await loggedIn('pull', '--quiet', `${repository}@${bound.digest}`);
});
