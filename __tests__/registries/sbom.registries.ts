import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spdxType } from '../../src/publish/attest/statement';
import { run } from '../../src/system/exec';
import { attachedIn } from '../run/attached';
import { createWorld, kfpImages, lockIn } from '../run/world';
import { tempDir } from '../support/engine';

/* What we say of a real Go binary is what Go says of it, and the SPDX project's own tool takes it. script/registries has both. */

const program = process.env['KFP_IMAGES_DISTRIBUTION3'] ?? '';
const validator = process.env['KFP_IMAGES_SPDX'] ?? '';

interface Package {
  readonly name: string;
  readonly versionInfo?: string;
}

it.skipIf(program === '')('an image with a real Go binary gets the modules that `go version -m` names', async () => {
  await using world = await createWorld({ engine: false });
  await using folder = await tempDir();
  const { directory } = world.fork;
  await cp(program, join(directory, 'registry'));
  await world.fork.commit('Serve', {
    'kfp-images.yaml': 'version: 1\nimages:\n  server: { dockerfile: server/Dockerfile }\n',
    'server/Dockerfile': 'FROM scratch\nCOPY registry /bin/registry\n',
  });
  const built = await kfpImages(directory, ['build', '--images', 'server', '--sbom', 'true', ...world.target]);
  expect(built.exitCode, built.stderr).toBe(0);
  const { digest = '' } = (await lockIn(world.fork)).images['server'] ?? {};
  const [attached, ...more] = await attachedIn(world, 'server', digest);
  expect(more).toEqual([]);
  expect(attached?.predicateType).toBe(spdxType);
  const { predicate } = JSON.parse(attached?.file ?? '') as {
    readonly predicate: { readonly packages: readonly Package[] };
  };
  const { stdout } = await run({ command: 'go', args: ['version', '-m', program] });
  const modules = stdout.split('\n').flatMap((line) => {
    const [, kind, name = '', version = ''] = /^\t(dep|mod|=>)\t(\S+)\t(\S+)/.exec(line) ?? [];
    return kind === undefined ? [] : [`${name} ${version}`];
  });
  expect(modules.length).toBeGreaterThan(50);
  const said = predicate.packages.map(({ name, versionInfo = '' }) => `${name} ${versionInfo}`);
  for (const module of modules) expect(said).toContain(module);
  if (validator !== '') {
    const file = join(folder.path, 'sbom.spdx.json');
    await writeFile(file, JSON.stringify(predicate));
    const checked = await run({ command: validator, args: ['--infile', file] });
    expect(checked.exitCode, checked.stdout + checked.stderr).toBe(0);
  }
});
