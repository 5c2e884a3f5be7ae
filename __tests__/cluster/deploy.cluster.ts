import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiServer } from './apiServer';
import { releases } from './kfp';
import { createServer, createWorld, setOf } from './world';

let server: ApiServer;
beforeAll(async () => {
  server = await createServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const first = setOf('first');
const second = setOf('second');
const reference = (lock: typeof first, name: string): string => {
  const image = lock.images[name];
  return `${image?.repository ?? ''}@${image?.digest ?? ''}`;
};
const apiserver = (lock: typeof first): object => ({
  image: reference(lock, 'apiserver'),
  V2_DRIVER_IMAGE: reference(lock, 'driver'),
  V2_LAUNCHER_IMAGE: reference(lock, 'launcher'),
});

describe.each(releases)('KFP %s', (release) => {
  test('deploy, the same again, one that fails, a rollback, and forward again', async () => {
    await using world = await createWorld(server, release, `kfp-${release.replaceAll('.', '-')}`);
    const original = await world.state();
    const original0 = await world.deployment('ml-pipeline');

    const deployed = await world.run('deploy', { lock: await world.lock(first), json: true });
    expect(deployed, deployed.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(deployed.stdout)).toMatchObject({ kind: 'deployed', commit: first.commit });
    expect(await world.deployment('ml-pipeline')).toEqual(apiserver(first));
    expect(await world.deployment('cache-server')).toEqual({ image: reference(first, 'cacheserver') });
    expect(await world.annotations('ml-pipeline')).toMatchObject({ 'kfp-images.dev/commit': first.commit });
    const profiles = await world.deployment('kubeflow-pipelines-profile-controller');
    if (release === 'head') expect(profiles).not.toHaveProperty('VISUALIZATION_SERVER_IMAGE');
    else {
      expect(profiles).toMatchObject({
        VISUALIZATION_SERVER_IMAGE: first.images['visualization']?.repository,
        VISUALIZATION_SERVER_TAG: `commit-${first.commit}@${first.images['visualization']?.digest ?? ''}`,
      });
    }
    const afterFirst = await world.state();

    const again = await world.run('deploy', { lock: await world.lock(first) });
    expect(again, again.stderr).toMatchObject({ exitCode: 0 });
    expect(again.stderr).toContain('Nothing to change: the cluster runs this set already.');
    expect(await world.state()).toEqual(afterFirst);

    world.node.fateOf = (image) =>
      image === reference(second, 'persistenceagent')
        ? { kind: 'no-pull', words: 'manifest unknown: no such image' }
        : { kind: 'runs' };
    const failed = await world.run('deploy', { lock: await world.lock(second) });
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('manifest unknown: no such image');
    expect(await world.state()).toEqual(afterFirst);

    const back = await world.run('rollback');
    expect(back, back.stderr).toMatchObject({ exitCode: 0 });
    expect(await world.deployment('ml-pipeline')).toEqual(original0);
    expect(withoutNotes(await world.state())).toEqual(withoutNotes(original));

    const forward = await world.run('rollback');
    expect(forward, forward.stderr).toMatchObject({ exitCode: 0 });
    expect(withoutNotes(await world.state())).toEqual(withoutNotes(afterFirst));
    expect(await world.annotations('ml-pipeline')).toMatchObject({ 'kfp-images.dev/commit': first.commit });

    const status = await world.run('status', { json: true });
    expect(status.exitCode).toBe(0);
    const { rows } = JSON.parse(status.stdout) as { rows: { image: string; digest: string; drift: string[] }[] };
    expect(Object.fromEntries(rows.map((row) => [row.image, row.digest]))).toEqual(
      Object.fromEntries(Object.entries(first.images).map(([name, image]) => [name, image.digest])),
    );
    expect(rows.flatMap((row) => row.drift)).toEqual([]);
  });
});

function withoutNotes(state: unknown): unknown {
  return (state as readonly object[]).map((each) => ({ ...each, annotations: {} }));
}
