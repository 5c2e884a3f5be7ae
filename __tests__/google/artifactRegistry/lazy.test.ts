import { build, type Metafile } from 'esbuild';
import { describe, expect, test } from 'vitest';

/** What is loaded at once when a file is: static imports of static imports. Types are not imports. */
function loaded(inputs: Metafile['inputs'], start: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    open.push(
      ...(inputs[path]?.imports ?? []).filter(({ kind }) => kind !== 'dynamic-import').map((each) => each.path),
    );
  }
  return reached;
}

describe('Google’s code', () => {
  test.each([
    'src/main.ts',
    'src/post.ts',
    'src/run/run.ts',
    'src/commands/prune/command.ts',
    'src/commands/doctor/command.ts',
    'src/google/artifactRegistry/preflight.ts',
  ])('is not loaded with %s, only when Google is asked', async (entry) => {
    const { metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      metafile: true,
      write: false,
      outfile: 'unused.js',
      logLevel: 'silent',
    });
    const google = /google-gax|google-auth-library|@google-cloud/;
    expect([...loaded(metafile.inputs, entry)].filter((path) => google.test(path))).toEqual([]);
    const later = Object.values(metafile.inputs).flatMap(({ imports }) =>
      imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path),
    );
    if (entry.includes('preflight')) expect(later).toEqual(expect.arrayContaining([expect.stringMatching(google)]));
  });
});
