import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readProvenance } from '../../src/publish/attest/readStatement';
import { attachedIn } from './attached';
import { createWorld, lockIn, step, type World } from './world';

/* Platforms in the provenance of an image: those of its own where the catalog gives it some. */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

it('names the platforms that the image was built for, not those of the run', async () => {
  await world.fork.commit('Take one platform [small]', {
    'small/Dockerfile': `FROM kfp-images-demo/alpine:3.21\nENV ID=${randomUUID()}\n`,
    'kfp-images.yaml':
      'version: 1\nimages:\n  small:\n    dockerfile: small/Dockerfile\n    context: small\n    platforms: [linux/amd64]\n',
  });
  const result = await step(world, { inputs: { provenance: 'true', platforms: 'linux/amd64,linux/arm64' } });
  expect(result.exitCode, result.stdout).toBe(0);
  const { digest = '' } = (await lockIn(world.fork)).images['small'] ?? {};
  const [attached] = await attachedIn(world, 'small', digest);
  expect(readProvenance(Buffer.from(attached?.file ?? ''))?.platforms).toEqual(['linux/amd64']);
});
