import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readTree } from '../../src/git/gitTree';
import { ContextView } from '../../src/dockerfile/contextView';
import { normalise } from '../../src/system/pathText';
import { Dockerfiles, dockerfileUse } from '../../src/dockerfile/contextUse';
import { GoInputs } from '../../src/golang/goInputs';
import { ParsedFiles } from '../../src/golang/parsedFiles';
import { Texts } from '../../src/git/texts';
import { capture } from '../../src/system/exec';
import { EnvironmentError } from '../../src/errors';

/** What one side says of a package and all it imports: paths in the repository, sorted. */
export type Listed = readonly string[];

const platform = { os: 'linux', arch: 'amd64' };

/** The lists of `go list -json` that name files which a build reads: https://pkg.go.dev/cmd/go#hdr-List_packages_or_modules */
const lists = [
  ...['GoFiles', 'CgoFiles', 'CFiles', 'CXXFiles', 'MFiles', 'HFiles', 'FFiles', 'SFiles'],
  ...['SwigFiles', 'SwigCXXFiles', 'SysoFiles', 'EmbedFiles'],
];

/** Is Go installed here? */
export async function hasGo(): Promise<boolean> {
  try {
    return (await capture({ command: 'go', args: ['version'] })).exitCode === 0;
  } catch (thrown) {
    if (thrown instanceof EnvironmentError) return false;
    throw thrown;
  }
}

/** How `go list` is asked. */
export interface GoQuestion {
  readonly mainPackage: string;
  /** Folder below the top in which it is asked. */
  readonly folder?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What Go itself says, in a work tree. `-e`: modules that can't be downloaded are passed over. */
export async function byGo(top: string, { mainPackage, folder = '.', flags = [], env }: GoQuestion): Promise<Listed> {
  const template = lists.map((list) => `{{range .${list}}}{{$.Dir}}\t{{.}}\n{{end}}`).join('');
  const { stdout, stderr, exitCode } = await capture({
    command: 'go',
    args: ['list', '-e', '-deps', ...flags, '-f', template, mainPackage],
    cwd: join(top, folder),
    env: { GOOS: platform.os, GOARCH: platform.arch, GOFLAGS: '', GOTOOLCHAIN: 'local', ...env },
  });
  if (exitCode !== 0) throw new Error(`go list ${mainPackage}: ${stderr}`);
  const found = new Set<string>();
  for (const line of stdout.toString('utf8').split('\n')) {
    const [directory = '', name = ''] = line.split('\t');
    if (!directory.startsWith(`${top}/`) && directory !== top) continue;
    // A folder that is a link is listed under the link's name.
    found.add(relative(await realpath(top), join(await realpath(directory), name)));
  }
  return [...found].sort();
}

/** What src/plan says, of the commit that is checked out there. */
export async function byUs(folder: string, dockerfile: string, mainPackage: string): Promise<Listed> {
  const tree = await readTree(folder, 'HEAD');
  try {
    const texts = new Texts(tree);
    const entry = tree.entry(dockerfile);
    if (entry === undefined) throw new Error(`${dockerfile} is not there`);
    const parsed = new Dockerfiles().parse(entry.oid, await texts.of(entry));
    const name = `${platform.os}/${platform.arch}`;
    const use = dockerfileUse(parsed, { target: undefined, buildArgs: {} }, name);
    const go = new GoInputs(new ContextView(tree, '', undefined), texts, new ParsedFiles(tree));
    const image = await go.analyse(normalise(mainPackage), use, name);
    if (image.undecided.length > 0) throw new Error(`undecided: ${image.undecided.join('; ')}`);
    await go.expand([image]);
    const files = [...image.roots].flatMap(([graph, roots]) => graph.closure(roots).files);
    return [...new Set(files.map((file) => file.path))].sort();
  } finally {
    await tree.close();
  }
}
