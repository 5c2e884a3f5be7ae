import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { runKubectl } from './kubectl';
import { group, own as operatorsOwn, resourcePath } from './operatorFake';
import { apiserver, patched, reference, type Spec } from './operatorSets';
import { eachOperatorTest, kind, type OperatorTest } from './operatorTest';
import { environmentOf, setOf } from './world';

/*
 * Operators that take images from a custom resource: deploy, status and rollback write there and watch what the operator makes of it. The
 * API server is real, the operator a stand-in (operatorFake.ts).
 */

let own: OperatorTest;
eachOperatorTest('operator', (each) => (own = each));

const [first, second] = [setOf('first'), setOf('second')];

describe('Open Data Hub', () => {
  test('deploy, the same again, one that fails, status, a rollback, and forward again', async () => {
    const { world, resource, spec, install, succeed } = own;
    const original = await install();
    const shown = await world.run('deploy', { lock: await world.lock(first), dryRun: true });
    expect(shown, shown.stderr).toMatchObject({ exitCode: 0 });
    expect(shown.stdout).toContain(`patch datasciencepipelinesapplications.v1.${group} sample --type=merge`);
    expect(shown.stderr).toContain(`${kind}/sample`);
    expect(await spec()).toEqual(original);

    const deployed = await world.run('deploy', { lock: await world.lock(first), json: true });
    expect(deployed, deployed.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(deployed.stdout)).toMatchObject({
      kind: 'deployed',
      changed: [
        {
          resource: `${kind}.${group}/sample`,
          after: { 'spec.apiServer.argoDriverImage': reference(first, 'driver') },
        },
      ],
    });
    expect(await spec()).toEqual(patched(original, first));
    expect(await world.deployment('ds-pipeline-sample')).toEqual(apiserver(first));
    // Nothing was written to a Deployment.
    expect(await world.annotations('ds-pipeline-sample')).toEqual({});
    const afterFirst = await resource();

    const again = await world.run('deploy', { lock: await world.lock(first) });
    expect(again.stderr).toContain('Nothing to change: the cluster runs this set already.');

    world.node.fateOf = (image) =>
      image === reference(second, 'persistenceagent')
        ? { kind: 'no-pull', words: 'manifest unknown: no such image' }
        : { kind: 'runs' };
    const failed = await world.run('deploy', { lock: await world.lock(second) });
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('manifest unknown: no such image');
    expect(failed.stderr).toContain(`${kind}/sample: put back`);
    expect(await spec()).toEqual(afterFirst.spec);
    expect((await resource()).metadata.annotations).toEqual(afterFirst.metadata.annotations);

    const status = await world.run('status', { json: true });
    const { rows } = JSON.parse(status.stdout) as {
      rows: { image: string; digest: string; commit: string; resource: string; drift: string[] }[];
    };
    expect(rows.map(({ image, digest, commit }) => [image, digest, commit])).toEqual(
      ['apiserver', 'driver', 'launcher', 'persistenceagent', 'scheduledworkflow'].map((name) => [
        name,
        first.images[name]?.digest,
        first.commit,
      ]),
    );

    await succeed('rollback');
    expect(await spec()).toEqual(original);
    expect(await world.deployment('ds-pipeline-sample')).toEqual({
      image: operatorsOwn['image'],
      V2_LAUNCHER_IMAGE: operatorsOwn['argoLauncherImage'],
      V2_DRIVER_IMAGE: operatorsOwn['argoDriverImage'],
    });
    await succeed('rollback');
    expect(await spec()).toEqual(patched(original, first));
    expect(await world.deployment('ds-pipeline-sample')).toEqual(apiserver(first));
  });

  test('two custom resources in one namespace: both get the set, both are put back where one fails, both are rolled back', async () => {
    const { server, world, manifest, spec, install, made, succeed } = own;
    const original = await install();
    const more = manifest({ scheduledWorkflow: { deploy: true, image: 'registry.example/own/workflow:1' } });
    const other = { ...more, metadata: { name: 'other', namespace: world.namespace } };
    expect((await server.api(resourcePath(world.namespace), { method: 'POST', body: other })).status).toBe(201);
    await made(6);
    const specOf = async (name: string): Promise<Spec> =>
      ((await server.api(resourcePath(world.namespace, name))).json as { spec: Spec }).spec;
    const originalOther = await specOf('other');

    await succeed('deploy', first);
    expect(await spec()).toEqual(patched(original, first));
    expect(await specOf('other')).toEqual(patched(originalOther, first));
    for (const name of ['sample', 'other'])
      expect(await world.deployment(`ds-pipeline-${name}`)).toEqual(apiserver(first));

    // Only what is made from the second fails: the first goes back with it.
    await server.api(resourcePath(world.namespace, 'other'), {
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: { spec: { persistenceAgent: { deploy: false } } },
    });
    world.node.fateOf = (image, pod) =>
      image === reference(second, 'apiserver') && pod.name.startsWith('ds-pipeline-other')
        ? { kind: 'no-pull', words: 'manifest unknown: no such image' }
        : { kind: 'runs' };
    const failed = await world.run('deploy', { lock: await world.lock(second) });
    expect(failed.exitCode, failed.stderr).toBe(1);
    for (const name of ['sample', 'other']) {
      expect(failed.stderr).toContain(`${kind}/${name}: put back`);
      expect(await world.deployment(`ds-pipeline-${name}`)).toEqual(apiserver(first));
    }
    expect(await spec()).toEqual(patched(original, first));

    const status = await world.run('status', { json: true });
    const { rows } = JSON.parse(status.stdout) as { rows: { image: string; digest: string; resource: string }[] };
    const apiservers = rows.filter(({ image }) => image === 'apiserver');
    expect(apiservers.map(({ resource: by, digest }) => [by, digest]).toSorted()).toEqual(
      ['other', 'sample'].map((name) => [`${kind}.${group}/${name}`, first.images['apiserver']?.digest]),
    );

    await succeed('rollback');
    expect(await spec()).toEqual(original);
    expect((await specOf('other')).apiServer).toEqual(originalOther.apiServer);
    expect((await specOf('other')).scheduledWorkflow).toEqual(originalOther.scheduledWorkflow);
  });

  test('an operator that does not come to it: what it says of itself, and put back', async () => {
    const { world, operator, resource, spec, install } = own;
    const original = await install();
    operator.asleep = 'the database does not answer';
    while (!JSON.stringify(await resource()).includes(operator.asleep)) await sleep(50);
    const failed = await world.run('deploy', { lock: await world.lock(first), timeout: '5s' });
    expect(failed.exitCode, failed.stderr).toBe(1);
    expect(failed.stderr).toContain(`its operator has not made it from ${kind}/sample yet`);
    expect(failed.stderr).toContain('APIServerReady: FailingToDeploy: the database does not answer');
    expect(await spec()).toEqual(original);
  });

  test('refused before anything is changed: half a set, a part that is left alone, a pull secret, a text that is none', async () => {
    const { server, world, spec, install } = own;
    const original = await install({ persistenceAgent: { deploy: true } });
    const refused = async (words: string, flags: object, operands: readonly string[] = []): Promise<void> => {
      const ended = await world.run('deploy', { lock: await world.lock(first), ...flags }, operands);
      expect(ended.stderr).toContain(words);
      expect(ended.exitCode, ended.stderr).not.toBe(0);
      expect(await spec()).toEqual(original);
    };
    await refused('must be of one commit', { lock: await world.lock(setOf('first', ['launcher'])) });
    await server.api(`/api/v1/namespaces/${world.namespace}/secrets`, {
      method: 'POST',
      body: {
        metadata: { name: 'login' },
        type: 'kubernetes.io/dockerconfigjson',
        stringData: { '.dockerconfigjson': JSON.stringify({ auths: { '127.0.0.1:9': { auth: 'eDp5' } } }) },
      },
    });
    await refused('--service-account ds-pipeline-sample', { pullSecret: 'login' });

    const merge = { method: 'PATCH', contentType: 'application/merge-patch+json' };
    await server.api(resourcePath(world.namespace, 'sample'), {
      ...merge,
      body: { spec: { apiServer: { deploy: false } } },
    });
    const named = await world.run('deploy', { lock: await world.lock(first) }, ['apiserver']);
    expect(named.exitCode, named.stderr).toBe(1);
    expect(named.stderr).toContain('says spec.apiServer.deploy: false');
    await server.api(resourcePath(world.namespace, 'sample'), {
      ...merge,
      body: { spec: { apiServer: { deploy: true } } },
    });

    // A definition that has no field for the launcher: the API server would leave it out, and say yes.
    const definition = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/datasciencepipelinesapplications.${group}`;
    const field =
      '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/apiServer/properties/argoLauncherImage';
    const json = { method: 'PATCH', contentType: 'application/json-patch+json' };
    const isTaken = async (): Promise<boolean> => {
      const body = { spec: { apiServer: { argoLauncherImage: 'x' } } };
      const answer = await server.api(`${resourcePath(world.namespace, 'sample')}?dryRun=All`, {
        ...merge,
        body,
      });
      return (answer.json as { spec: Spec }).spec.apiServer['argoLauncherImage'] === 'x';
    };
    await server.api(definition, { ...json, body: [{ op: 'remove', path: field }] });
    while (await isTaken()) await sleep(100);
    await refused('does not take spec.apiServer.argoLauncherImage', {});
    await server.api(definition, { ...json, body: [{ op: 'add', path: field, value: { type: 'string' } }] });
    while (!(await isTaken())) await sleep(100);
  });

  test.each([[[]], [['--server-side', '--force-conflicts=false']]])(
    'who applies it (kubectl apply %j) takes back all of it, and meets no conflict',
    async (flags) => {
      const { server, world, manifest, spec, made, succeed } = own;
      const apply = async (): Promise<void> => {
        const text = JSON.stringify(manifest());
        const ended = await runKubectl(
          environmentOf(server),
          ['apply', '--namespace', world.namespace, '--filename=-', ...flags],
          text,
        );
        expect(ended.exitCode, ended.stderr).toBe(0);
      };
      await apply();
      await made(3);
      const original = await spec();
      await succeed('deploy', first);
      expect(await spec()).toEqual(patched(original, first));
      await apply();
      expect(await spec()).toEqual(original);
    },
  );
});
