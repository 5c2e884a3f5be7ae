import { describe, expect, test } from 'vitest';
import { bundle } from '../run/world';
import { onTerminal, type OnTerminal } from '../support/terminal';
import type { ApiServer } from './apiServer';
import { eachTest } from './eachTest';
import { environmentOf, setOf, type World } from './world';

/* A deploy of two images in front of a person, on KFP 2.5.0. */

const set = setOf('first');
const up = /\u001b\[\d+A\u001b\[J/;

let server: ApiServer;
let world: World;
eachTest('2.5.0', 'terminal', (own) => {
  ({ server, world } = own);
});

async function deploy(...own: readonly string[]): Promise<OnTerminal> {
  const args = ['deploy', 'cacheserver', 'persistenceagent', '--lock', await world.lock(set), ...own];
  return onTerminal(
    { command: process.execPath, args: [bundle('cli'), ...args, '--namespace', world.namespace] },
    { cwd: server.folder, env: { ...environmentOf(server), NO_COLOR: undefined } },
  );
}

/** The last lines of a screen. */
function last(screen: string, count: number): readonly string[] {
  return screen.split('\n').slice(-count);
}

describe('lines that live', () => {
  test('are redrawn in place while pods start, and become ordinary ones at the end', async () => {
    world.node.fateOf = (image) => ({ kind: image.includes('/cacheserver@') ? 'stuck' : 'runs' });
    const terminal = await deploy('--yes');
    await terminal.until('ml-pipeline-persistenceagent: 1/1 ready\r\n');
    await terminal.until('cache-server: 0/1 ready, an old pod still ends');
    world.node.fateOf = () => ({ kind: 'runs' });
    const { exitCode, bytes, screen } = await terminal.ended;
    expect(exitCode, bytes).toBe(0);
    expect(bytes).toMatch(up);
    expect(last(screen, 3)).toEqual([
      'cache-server: 1/1 ready',
      'ml-pipeline-persistenceagent: 1/1 ready',
      `Deployed commit ${set.commit.slice(0, 12)}; kfp-images rollback takes it back.`,
    ]);
    expect(screen.match(/\/1 ready/g)).toHaveLength(2);
  });

  test('say why a pod does not start, in the words of the registry', async () => {
    world.node.fateOf = (image) =>
      image.includes('/cacheserver@')
        ? { kind: 'no-pull', words: `failed to resolve reference "${image}": dial tcp 10.0.0.1:443: i/o timeout` }
        : { kind: 'runs' };
    const terminal = await deploy('--yes');
    await terminal.until('cache-server: 0/1 ready, ImagePullBackOff: dial tcp 10.0.0.1:443: i/o timeout');
    world.node.fateOf = () => ({ kind: 'runs' });
    const { exitCode, bytes, screen } = await terminal.ended;
    expect(exitCode, bytes).toBe(0);
    expect(screen).not.toContain('ImagePullBackOff');
  });

  test('say of a refusal at once, and what was put back', async () => {
    world.node.fateOf = (image) =>
      image.includes('/cacheserver@')
        ? { kind: 'no-pull', words: 'manifest unknown: no such image' }
        : { kind: 'runs' };
    const { exitCode, bytes, screen } = await (await deploy('--yes')).ended;
    expect(exitCode, bytes).toBe(1);
    expect(screen).toContain('\ncache-server: 0/1 ready, ImagePullBackOff: manifest unknown: no such image\n');
    expect(screen).toContain('\n  cache-server: put back');
  });
});

test('Ctrl-C during the rollout takes everything back', async () => {
  const before = await world.state();
  world.node.fateOf = () => ({ kind: 'stuck' });
  const terminal = await deploy('--yes');
  await terminal.until('cache-server: 0/1 ready');
  terminal.type('\u0003');
  const { exitCode, bytes } = await terminal.ended;
  expect(exitCode, bytes).toBe(130);
  expect(bytes).toContain('cache-server: put back');
  expect(await world.state()).toEqual(before);
});

describe('the question', () => {
  test.each([
    ['Ctrl-C', '\u0003', 130],
    ['Ctrl-D', '\u0004', 1],
    ['the return key alone', '\r', 1],
  ])('%s changes nothing', async (_, typed, status) => {
    const before = await world.state();
    const terminal = await deploy();
    await terminal.until('Change 2 Deployments in test? [y/N] ');
    terminal.type(typed);
    const { exitCode, bytes } = await terminal.ended;
    expect(exitCode, bytes).toBe(status);
    expect(await world.state()).toEqual(before);
  });

  test('y deploys', async () => {
    const terminal = await deploy();
    await terminal.until('[y/N] ');
    terminal.type('y\r');
    const { exitCode, bytes } = await terminal.ended;
    expect(exitCode, bytes).toBe(0);
    expect(await world.annotations('cache-server')).toMatchObject({ 'kfp-images.dev/commit': set.commit });
  });
});
