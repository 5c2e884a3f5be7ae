import { afterAll, beforeAll, expect, it } from 'vitest';
import { docker } from '../support/engine';
import { createWorld, kfpImages, type World } from './world';

/* Without pushing: images in the engine alone, bound to each other, as kind and minikube load them. */

let world: World;
let commit: string;

beforeAll(async () => {
  world = await createWorld();
  commit = await world.fork.git('rev-parse', 'HEAD');
});
afterAll(async () => {
  const names = ['apiserver', 'driver', 'launcher'].map((name) => `${name}:commit-${commit}`);
  await docker(['image', 'rm', '--force', ...names]);
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
