import { afterAll, beforeAll, expect, it } from 'vitest';
import { docker } from '../support/engine';
import { createWorld, kfpImages, step, type World } from './world';

/* Without pushing: images in the engine alone, bound to each other, as kind and minikube load them. */

let world: World;
let commit: string;
const loaded: string[] = [];

beforeAll(async () => {
  world = await createWorld();
  commit = await world.fork.git('rev-parse', 'HEAD');
});
afterAll(async () => {
  const names = ['apiserver', 'driver', 'launcher'].map((name) => `${name}:commit-${commit}`);
  await docker(['image', 'rm', '--force', ...names, ...loaded]);
  await world[Symbol.asyncDispose]();
});

it('the plan says how images are bound, and so they are', async () => {
  const build = ['build', '--images', 'apiserver', '--push', 'false'];
  const planned = await kfpImages(world.fork.directory, [...build, '--dry-run']);
  expect(planned.exitCode, planned.stderr).toBe(0);
  const bound = [`V2_DRIVER_IMAGE=driver:commit-${commit}`, `V2_LAUNCHER_IMAGE=launcher:commit-${commit}`];
  expect(planned.stderr + planned.stdout).toContain(`bind apiserver: ${bound.join(', ')}`);
  const built = await kfpImages(world.fork.directory, build);
  expect(built.exitCode, built.stderr).toBe(0);
  const inspect = async (name: string): Promise<unknown> =>
    JSON.parse(await docker(['image', 'inspect', '--format', '{{json .Config.Env}}', `${name}:commit-${commit}`]));
  expect(await inspect('apiserver')).toEqual(expect.arrayContaining(bound));
  expect(await inspect('driver')).not.toEqual(expect.arrayContaining([expect.stringContaining('V2_')]));
});

it('what is bound is no line of the Dockerfile, and BuildKit does not warn of it, whatever it is called', async () => {
  await world.fork.commit('A catalog and an image with names of their own', {
    'kfp-images.yaml': [
      'version: 1',
      'images:',
      '  auth: { dockerfile: auth/Dockerfile }',
      '  door: { dockerfile: door/Dockerfile, target: first, bind: { AUTH_IMAGE: auth } }',
      '',
    ].join('\n'),
    'auth/Dockerfile': 'FROM scratch\nLABEL name=auth\n',
    'door/Dockerfile': 'FROM scratch AS first\nLABEL name=door\nFROM scratch AS Second\nENV A_TOKEN=x\n',
  });
  const head = await world.fork.git('rev-parse', 'HEAD');
  loaded.push(`auth:commit-${head}`, `door:commit-${head}`);
  const built = await step(world, { inputs: { images: 'door', push: 'false' } });
  expect(built.exitCode, built.stdout).toBe(0);
  expect(built.stdout).toMatch(/::warning file=door\/Dockerfile,line=3[,:].*StageNameCasing/);
  expect(built.stdout).not.toMatch(/::warning.*SecretsUsedInArgOrEnv.*AUTH_IMAGE/);
});
