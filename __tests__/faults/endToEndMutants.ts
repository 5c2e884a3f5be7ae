import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A change of the source that takes a safeguard away. */
export interface SourceChange {
  readonly entry: 'main' | 'post';
  /** From the repository's top. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Bundles an entry with the change made, into `folder`; without one, as it is. Gives the bundle. Throws where there is nothing to change. */
export async function bundleChanged(folder: string, entry: 'main' | 'post', change?: SourceChange): Promise<string> {
  const outfile = join(folder, `${entry}${change === undefined ? '' : '-changed'}.cjs`);
  let changes = 0;
  await build({
    ...{ entryPoints: [join(process.cwd(), 'src', `${entry}.ts`)], outfile, bundle: true, logLevel: 'error' },
    ...{ platform: 'node', target: 'node24', format: 'cjs' },
    plugins: [
      {
        name: 'change',
        setup: (bundling) => {
          bundling.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
            if (change === undefined || path !== join(process.cwd(), change.file)) return undefined;
            const source = await readFile(path, 'utf8');
            changes += source.split(change.from).length - 1;
            return { contents: source.replace(change.from, change.to), loader: 'ts' };
          });
        },
      },
    ],
  });
  if (change !== undefined && changes !== 1) throw new Error(`${change.file} has ${changes} times ${change.from}`);
  return outfile;
}
