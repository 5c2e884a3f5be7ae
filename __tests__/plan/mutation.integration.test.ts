import { createHash } from 'node:crypto';
import { chmod, lstat, readFile, readdir, readlink, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentKeys } from '../../src/plan/contentKey';
import { buildTreeOf } from '../../src/plan/buildTree';
import { readTree } from '../../src/git/gitTree';
import { capture } from '../../src/system/exec';
import { writeTrees } from '../../src/git/treeFiles';
import { ensureBaseImage } from '../support/baseImages';
import { docker, tempDir } from '../support/engine';
import { createRepository, type TestRepository } from '../support/fork';
import { hasGo } from '../golang/goList';
import { catalogImage } from './memoryTree';
import { baseImage, mutationFiles, mutationLinks, mutations } from './mutationFork';

/*
 * Content keys against really built images: file by file a small fork is changed, and both of its images are rebuilt
 * by BuildKit. Where an image's files differ its key must, too; where a change is outside of what an image is made from,
 * neither may. Go images are compiled by Go itself where it is installed, else by the demo's stand-in.
 */

const images = [
  catalogImage({ name: 'app', dockerfile: 'docker/app', inputs: { kind: 'go', mainPackage: './cmd/app', paths: [] } }),
  catalogImage({ name: 'web', dockerfile: 'docker/web' }),
];

interface Outcome {
  readonly keys: Readonly<Record<string, string>>;
  readonly contents: Readonly<Record<string, string>>;
}

let repository: TestRepository;
let goRoot: string | undefined;
let before: Outcome;

beforeAll(async () => {
  if (await hasGo()) goRoot = (await capture({ command: 'go', args: ['env', 'GOROOT'] })).stdout.toString().trim();
  const standIn = join(process.cwd(), 'demo', 'base', 'go');
  await ensureBaseImage(baseImage, { 'usr/local/bin/go': standIn });
  repository = await createRepository();
  for (const [path, target] of Object.entries(mutationLinks)) await symlink(target, join(repository.directory, path));
  await repository.commit('a fork', mutationFiles(goRoot !== undefined));
  await chmod(join(repository.directory, 'hack/stamp.sh'), 0o755);
  await repository.commit('a script');
  before = await outcome();
});

afterAll(() => repository.remove());

/** Keys and built files of both images at HEAD: built from the whole commit, or from the files of the key alone. */
async function outcome(of: 'commit' | 'key' = 'commit'): Promise<Outcome> {
  const tree = await readTree(repository.directory, 'HEAD');
  const found = await contentKeys(images, tree, { platforms: ['linux/amd64'], baseDigest: () => 'sha256:0' });
  await using folder = await tempDir();
  const context = join(folder.path, 'context');
  // All of the commit: what a build would be that nobody narrowed.
  await writeTrees(tree, [
    { directory: context, files: tree.entries, folders: [] },
    ...images.map(({ name }) => {
      const { files, folders } = buildTreeOf(found.get(name) ?? { lines: [], contextLines: [] });
      return { directory: join(folder.path, `${name}-tree`), files, folders };
    }),
  ]);
  await tree.close();
  const build = async (name: string, dockerfile: string, from: string): Promise<string> => {
    const output = join(folder.path, `${name}-of-${basename(from)}`);
    const named = goRoot === undefined ? [] : ['--build-context', `go=${goRoot}`];
    const args = ['--quiet', '--file', join(context, dockerfile), '--output', `type=local,dest=${output}`, ...named];
    await docker(['buildx', 'build', ...args, from]);
    return fingerprint(output);
  };
  const built = images.map(async ({ name, dockerfile }) => {
    return [
      name,
      await build(name, dockerfile, of === 'commit' ? context : join(folder.path, `${name}-tree`)),
    ] as const;
  });
  return {
    keys: Object.fromEntries([...found].map(([name, { key }]) => [name, key])),
    contents: Object.fromEntries(await Promise.all(built)),
  };
}

it('the files of its key alone give the same image as the whole commit', async () => {
  expect((await outcome('key')).contents).toEqual(before.contents);
});

/** Every path of an image with its kind, mode and content; not its times, which no key can know. */
async function fingerprint(folder: string): Promise<string> {
  const lines: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const mode = (await lstat(path)).mode.toString(8);
    const content = entry.isSymbolicLink() ? await readlink(path) : entry.isFile() ? await readFile(path) : '';
    lines.push(`${mode} ${path.slice(folder.length)} ${createHash('sha256').update(content).digest('hex')}`);
  }
  return lines.sort().join('\n');
}

function differing(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(one).filter((name) => one[name] !== other[name]);
}

describe('an image differs only where its key does', () => {
  it('for every changed file', async () => {
    expect(Object.values(before.contents).every((content) => content.includes('/'))).toBe(true);
    const original = await repository.git('rev-parse', 'HEAD');
    for (const { files, differ, outside } of mutations(goRoot !== undefined)) {
      const changed = Object.keys(files);
      await repository.commit(`change ${changed.join(', ')}`, files);
      const after = await outcome();
      const built = differing(before.contents, after.contents);
      const keys = differing(before.keys, after.keys);
      expect({ changed, built }).toEqual({ changed, built: differ });
      expect({ changed, unnoticed: built.filter((name) => !keys.includes(name)) }).toEqual({ changed, unnoticed: [] });
      if (outside) expect({ changed, keys }).toEqual({ changed, keys: [] });
      await repository.git('reset', '--quiet', '--hard', original);
    }
  });
});
