import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeSet } from '../../src/publish/setArtifact';
import { putTag } from '../../src/publish/putTag';
import { commitTag, keyTag, latestTag, setRepository } from '../../src/publish/tags';
import { commitId, contentKey, pushTinyImage } from '../support/releaseSets';
import { testClient } from '../support/registryClient';
import { bundle, createWorld, kfpImages, programs, before, repository, type World } from './world';
import { runStep } from '../support/runner';

/* What a registry, or two declarations of one image, can't make us do: through the bundle, with a real registry. Nothing is built. */

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world[Symbol.asyncDispose]());

describe('a set that says it is of another team’s path', () => {
  it('is none: neither is its image deleted by prune, nor is it what latest names', async () => {
    const { registry } = testClient({ login: world.registry });
    const [ours, theirs] = [`${world.registry.path}/ours`, `${world.registry.path}/theirs`];
    const commit = commitId('claimed');
    const image = `${theirs}/driver`;
    const digest = await pushTinyImage(registry, { repository: image, content: 'theirs', revision: commit });
    await putTag(registry, { repository: image, tag: keyTag(contentKey('theirs')), digest });
    const images = { driver: { repository: image, digest, key: contentKey('theirs') } };
    const claims = { version: 1 as const, commit, registryPath: theirs, images };
    for (const tag of [commitTag(commit), latestTag])
      await storeSet(registry, setRepository(ours), tag, claims, '2020-01-01T00:00:00Z');
    const target = ['--registry-path', ours, '--credentials-json', world.keyFile];
    const pruned = await kfpImages(world.fork.directory, [
      ...['prune', ...target, '--keep-last', '0', '--keep-days', '0', '--yes', '--json'],
    ]);
    expect(pruned.stdout + pruned.stderr).not.toContain(`${theirs}/driver`);
    expect(await registry.manifest(image, digest)).toBeDefined();
    const set = await kfpImages(world.fork.directory, ['set', ...target, '--commit', commit]);
    expect(set.exitCode).toBe(1);
    expect(set.stdout).toBe('');
    expect(set.stderr).toMatch(/not a release set/);
  });
});

it('two declarations of the same files never share an image', async () => {
  const keyWith = async (inputs: string): Promise<unknown> => {
    await world.fork.commit('Declare', {
      'kfp-images.yaml': `version: 1\nimages:\n  one: { dockerfile: one/Dockerfile, context: one${inputs} }\n`,
      'one/Dockerfile': 'FROM scratch\nCOPY a /\n',
      'one/a': 'a\n',
    });
    const { stdout, stderr } = await kfpImages(world.fork.directory, ['plan', '--images', 'all', '--json']);
    expect(stderr).toBe('');
    return (JSON.parse(stdout) as { readonly images: readonly { readonly key: string }[] }).images[0]?.key;
  };
  const declared = [
    '',
    ', inputs: context',
    ', inputs: { paths: [one/a] }',
    ', inputs: { paths: ["one/*"] }',
    ', buildArgs: { A: "{{sha}}" }',
    ', buildArgs: { A: "{{short_sha}}" }',
    ', buildArgs: { A: "{{branch}}" }',
  ];
  const keys: unknown[] = [];
  for (const each of declared) keys.push(await keyWith(each));
  expect(new Set(keys).size).toBe(declared.length);
});

it('of a key the runner gets some thirty masks, and not a thousand', async () => {
  const bin = await programs(world.folder.path, { docker: 'exit 70' });
  const sha = await world.fork.git('rev-parse', 'HEAD');
  const { stdout } = await runStep({
    ...{ bundle: bundle('main'), workspace: world.fork.directory, event: 'workflow_dispatch', sha },
    payload: { repository },
    inputs: { images: 'all', 'registry-path': world.registry.path, 'credentials-json': world.registry.keyJson },
    env: { PATH: before(bin) },
  });
  const masks = stdout.match(/^::add-mask::/gm) ?? [];
  expect(masks.length).toBeGreaterThan(10);
  expect(masks.length).toBeLessThan(60);
});
