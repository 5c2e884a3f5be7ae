import { git, tryGit } from './gitCommand';
import { parseListing } from './listing';

/**
 * Files of the index that a sparse checkout keeps off the disk (https://git-scm.com/docs/git-sparse-checkout), by their paths from the top:
 * whoever looks for them there would take them for deleted. `among`: only of these paths. Throws SourceError.
 */
export class LeftOut {
  readonly #top: string;
  readonly #ids: ReadonlyMap<string, string>;

  private constructor(top: string, ids: ReadonlyMap<string, string>) {
    this.#top = top;
    this.#ids = ids;
  }

  static async of(top: string, among: readonly string[] = []): Promise<LeftOut> {
    const listed = await git(top, 'read the index', ['ls-files', '-t', '--stage', '-z', '--', ...among.map(literal)]);
    // `S MODE OID STAGE\tPATH` becomes what ls-tree prints: `MODE TYPE OID\tPATH`. S: not to be in the work tree.
    const lines = listed
      .toString('latin1')
      .split('\0')
      .flatMap((line) => (line.startsWith('S ') ? [line.replace(/^S (\d+) ([0-9a-f]+) \d\t/, '$1 blob $2\t')] : []));
    const entries = parseListing(Buffer.from(lines.map((line) => `${line}\0`).join(''), 'latin1'));
    return new LeftOut(top, new Map(entries.map(({ path, oid }) => [path, oid])));
  }

  /** Whether the index has the file and the disk is not to have it. */
  has(path: string): boolean {
    return this.#ids.has(path);
  }

  /** Its text, as it is staged; undefined: it is no such file. Throws SourceError. */
  async text(path: string): Promise<string | undefined> {
    const id = this.#ids.get(path);
    if (id === undefined) return undefined;
    return (await git(this.#top, `read ${path}`, ['cat-file', 'blob', id])).toString('utf8');
  }
}

/** Is the checkout sparse? Then `git add` wants `--sparse` for what is outside of it. */
export async function isSparse(top: string): Promise<boolean> {
  const { stdout } = await tryGit(top, ['config', '--type=bool', '--get', 'core.sparseCheckout']);
  return stdout.toString('utf8').trim() === 'true';
}

function literal(path: string): string {
  return `:(top,literal)${path}`;
}
