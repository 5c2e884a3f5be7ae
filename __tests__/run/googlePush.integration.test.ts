import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rightsOf } from '../support/fakeGoogle/world';
import { listRight } from '../support/fakeGoogle/containerAnalysis';
import { federatedAccount } from '../support/fakeGoogle/identity';
import { startFakeCloud, type FakeCloud } from '../support/fakeGoogle/cloud';
import type { StepResult } from '../support/runner';
import { filesWithTraces, formsOf, tracesIn } from './secretTraces';
import { before, createWorld, json, lockIn, programs, step, whereIs, type World } from './world';

/* A run that pushes with a service account key to Artifact Registry, which is fakes of Google's services around the real registry. */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A docker that keeps, at each call, a copy of the run's private folder; and is docker. Links stay links: buildx' own state, which is linked, holds a file for each build there ever was. */
async function copyingDocker(): Promise<{ readonly bin: string; readonly copies: string }> {
  const copies = join(world.folder.path, `copies-${String(Math.random()).slice(2)}`);
  await mkdir(copies);
  const script = `[ -z "$DOCKER_CONFIG" ] || cp -R "$(dirname "$DOCKER_CONFIG")" "${copies}/$$"\nexec ${await whereIs('docker')} "$@"`;
  return { bin: await programs(world.folder.path, { docker: script }), copies };
}

describe('a push with a key', () => {
  let cloud: FakeCloud;
  let result: StepResult;
  let copies: string;

  beforeAll(async () => {
    cloud = await startFakeCloud();
    cloud.world.add('europe-west3/kfp', { isScanning: true });
    cloud.world.rights.set(cloud.account, [...rightsOf('writer'), listRight]);
    const docker = await copyingDocker();
    copies = docker.copies;
    await world.fork.commit('Speak up [driver-launcher]');
    result = await step(world, {
      inputs: { 'registry-path': cloud.path, 'credentials-json': cloud.keyJson },
      env: { PATH: before(docker.bin), ...cloud.env },
    });
  });
  afterAll(() => cloud[Symbol.asyncDispose]());

  it('goes well', () => {
    expect(result.stdout).not.toMatch(/^::(?:error|warning)::/m);
    expect(result.exitCode).toBe(0);
    expect([...(json(result, 'built') as string[])].sort()).toEqual(['driver', 'launcher']);
  });

  it('logs docker in with a token, and the key reaches no file', async () => {
    const forms = formsOf(cloud.keyJson);
    const folders = await readdir(copies);
    const logins = await Promise.all(
      folders.map(async (folder) => {
        const path = join(copies, folder, 'docker', 'config.json');
        const config = JSON.parse(await readFile(path, 'utf8').catch(() => '{}')) as {
          readonly auths?: Readonly<Record<string, { readonly auth?: string }>>;
        };
        return Buffer.from(config.auths?.[cloud.front.host]?.auth ?? '', 'base64').toString();
      }),
    );
    // Seen where it was used, as a token that the fake gave out.
    const tokens = cloud.world.tokens.map(({ token }) => `oauth2accesstoken:${token}`);
    expect(logins.filter((login) => tokens.includes(login)).length).toBeGreaterThan(1);
    expect(logins.filter((login) => login.startsWith('_json_key'))).toEqual([]);
    expect(tracesIn(cloud.keyJson, forms).length, 'the search finds it where it is').toBeGreaterThan(20);
    for (const folder of [copies, world.fork.directory, cloud.backend.dataDir]) {
      expect(await filesWithTraces(folder, forms), folder).toEqual([]);
    }
    for (const text of [result.stdout, result.summary, ...result.outputs.values()])
      expect(tracesIn(text, forms)).toEqual([]);
    for (const { token } of cloud.world.tokens) expect(result.stdout + result.summary).not.toContain(token);
  });

  it('says in the summary how big each image is, when it came and where its page is', async () => {
    const { images } = await lockIn(world.fork);
    for (const name of ['driver', 'launcher']) {
      const digest = images[name]?.digest ?? '';
      const page = `https://console.cloud.google.com/artifacts/docker/my-project/europe-west3/kfp/${name}/${digest}?project=my-project`;
      const row = result.summary.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      expect(row).toContain(`[\`${digest.slice(0, 19)}\`](${page})`);
      expect(row).toMatch(/\d(?:&nbsp;)[kM]?B \| 20\d\d-\d\d-\d\d&nbsp;\d\d:\d\d&nbsp;UTC \|/);
      expect(result.summary).toContain(`| \`${name}\` | not scanned yet ([details](${page})) |`);
    }
  });

  it('reports findings when they are there: of an image that is reused', async () => {
    const { images } = await lockIn(world.fork);
    const { repository = '', digest = '' } = images['driver'] ?? {};
    cloud.scans.set(`https://${repository}@${digest}`, {
      status: 'FINISHED_SUCCESS',
      severities: ['LOW', 'HIGH', 'LOW'],
    });
    await world.fork.commit('Again [driver]');
    const again = await step(world, {
      inputs: { 'registry-path': cloud.path, 'credentials-json': cloud.keyJson },
      env: cloud.env,
    });
    expect(json(again, 'reused')).toEqual(['driver']);
    expect(again.summary).toMatch(/\| `driver` \| HIGH 1, LOW 2 \(\[details\]/);
  });

  it('is as good without the right to see findings: there is only no table of them', async () => {
    cloud.world.rights.set(cloud.account, rightsOf('writer'));
    await world.fork.commit('Once more [driver]');
    const result = await step(world, {
      inputs: { 'registry-path': cloud.path, 'credentials-json': cloud.keyJson },
      env: cloud.env,
    });
    expect(result.exitCode).toBe(0);
    expect(result.stdout).not.toMatch(/^::(?:error|warning)::/m);
    expect(result.summary).toContain('console.cloud.google.com');
    expect(result.summary).not.toContain('Vulnerabilities');
  });
});

describe('a build that outlives its token still publishes, with', () => {
  const kinds = [
    { name: 'a key', credentials: (cloud: FakeCloud) => cloud.keyJson },
    {
      name: 'workload identity without a service account',
      credentials: (cloud: FakeCloud) => JSON.stringify(cloud.identity.credentialsFile()),
    },
  ];
  it.each(kinds)('$name', async ({ name, credentials }) => {
    // Long enough for what needs one token on a busy machine, and not for the build.
    await using cloud = await startFakeCloud({ seconds: 10 });
    cloud.world.rights.set(federatedAccount, rightsOf('writer'));
    const file = 'backend/Dockerfile.driver';
    const text = await readFile(join(world.fork.directory, file), 'utf8');
    const slow = `${text}\nRUN sleep 12 # ${name} ${String(Date.now())}\n`;
    const commit = await world.fork.commit('Take long [driver]', { [file]: slow });
    const result = await step(world, {
      inputs: { 'registry-path': cloud.path, 'credentials-json': credentials(cloud) },
      env: cloud.env,
    });
    expect(result.stdout).not.toMatch(/^::(?:error|warning)::/m);
    expect(result.exitCode).toBe(0);
    expect(json(result, 'built')).toEqual(['driver']);
    expect((await lockIn(world.fork)).commit).toBe(commit);
    // The one that it began with ended on the way.
    expect(cloud.world.tokens.length).toBeGreaterThan(1);
    await world.fork.commit('Be quick again', { [file]: text });
  });
});
