import { Agent, createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { imageStore } from '../support/engine';
import { createWorld, kfpImages, type World } from './world';

/* A registry that takes OCI's media types alone, as zot does as it comes: before a real one, what names Docker's is answered by 415. */

let world: World;
const agent = new Agent({ keepAlive: true });
const strict = createServer((incoming, response) => {
  if (incoming.method === 'PUT' && /vnd\.docker\./.test(incoming.headers['content-type'] ?? '')) {
    incoming.resume();
    const body = JSON.stringify({ errors: [{ code: 'MANIFEST_INVALID', message: 'manifest invalid' }] });
    response.writeHead(415, { 'content-type': 'application/json' }).end(body);
    return;
  }
  const { method, url: path, headers } = incoming;
  const onwards = send({ agent, host: '127.0.0.1', port: world.registry.host.split(':')[1], method, path, headers });
  onwards.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onwards.on('error', () => response.destroy());
  incoming.pipe(onwards);
});

beforeAll(async () => {
  world = await createWorld();
  await world.fork.commit('Begin [driver]', { 'docs/notes.md': 'Begun.\n' });
  await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  strict.close();
  strict.closeAllConnections();
  agent.destroy();
  await world[Symbol.asyncDispose]();
});

it('is named before the first build where the engine can push nothing else, and gets the images where it can', async () => {
  const host = `127.0.0.1:${String((strict.address() as AddressInfo).port)}`;
  const path = world.registry.path.replace(world.registry.host, host);
  const target = ['--registry-path', path, '--credentials-json', world.keyFile];
  const ended = await kfpImages(world.fork.directory, ['build', ...target]);
  if ((await imageStore()) === 'containerd') {
    expect(ended.stderr).toMatch(/1 built/);
    return;
  }
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toContain(
    `${host} refuses images with Docker's own media types, and the Docker engine's classic image store can't push others`,
  );
  expect(ended.stderr).toMatch(/Turn on the containerd image store .*docker\/setup-buildx-action/);
  expect(ended.stderr).not.toMatch(/FROM|exporting to image/);
});
