import { readCommands } from '../../dockerfile/shellCommands';
import { parseDockerfile, type Instruction } from '../../dockerfile/instructions';
import { readStages, type BuildSettings } from '../../dockerfile/stages';
import { readUse } from '../../dockerfile/instructionUse';
import { readGoCommand } from '../../golang/goCommand';
import { normalise } from '../../system/pathText';
import { folderOf, type RepositoryFiles } from './repositoryFiles';

/** What a Dockerfile's text and the files around it say about its image. */
export interface DockerfileFacts {
  /** The folder that its COPY instructions fit; `.` for the repository's top. */
  readonly context: string;
  /** The only Go main package that it builds, `./cmd/x` from the repository's top. */
  readonly mainPackage: string | undefined;
  /** Does it start from the official Go image, whose caches are in known folders? */
  readonly usesGolangImage: boolean;
  /** Base images, as they are written. */
  readonly bases: readonly string[];
}

const settings: BuildSettings = { buildArgs: new Map(), platform: 'linux/amd64' };

/** Reads them; a text: why that can't be done. Pure. */
export function dockerfileFacts(path: string, text: string, files: RepositoryFiles): DockerfileFacts | string {
  const parsed = parseDockerfile(text);
  if (parsed.kind === 'unreadable') return parsed.reason;
  const stages = readStages(parsed.instructions, parsed.escape, settings);
  if (stages.stages.length === 0) return 'has no FROM';
  const use = readUse(stages, undefined);
  const bases = use.bases.map(({ reference }) => reference);
  const packages = stages.stages.flatMap(({ instructions }) => goPackages(instructions));
  const named = [
    ...use.sources.map((source) => source.path),
    ...stages.stages.flatMap(({ instructions }) => foldersEntered(instructions)),
  ];
  const context = contextOf(path, named, packages, files);
  if (context === undefined) return 'copies files that no folder of this repository has';
  const found = new Set(
    packages.map((folder) => normalise(`${context}/${folder}`)).filter((each) => files.hasGo(each)),
  );
  const [only] = found;
  return {
    context: context === '' ? '.' : context,
    mainPackage: only !== undefined && found.size === 1 ? `./${only}` : undefined,
    usesGolangImage: bases.some((base) => /^(?:docker\.io\/(?:library\/)?)?golang(?:[:@]|$)/.test(base)),
    bases,
  };
}

/**
 * The folder among the Dockerfile's own and those above that has most of what the Dockerfile names; of equal ones the outermost, unless
 * nothing is named and the Dockerfile has company. undefined: something is copied that none of them has.
 */
function contextOf(
  path: string,
  named: readonly string[],
  packages: readonly string[],
  files: RepositoryFiles,
): string | undefined {
  const own = folderOf(path);
  const folders = [''];
  for (let above = own; above !== ''; above = folderOf(above)) folders.splice(1, 0, above);
  const fits = (folder: string): number =>
    named.filter((each) => files.exists(`${folder}/${each}`)).length +
    packages.filter((each) => files.hasGo(`${folder}/${each}`)).length;
  const scores = folders.map(fits);
  const best = Math.max(...scores);
  if (best === 0) return named.length > 0 ? undefined : files.holdsMoreThan(own, path) ? own : '';
  return folders[scores.indexOf(best)];
}

/** Relative folders that the build changes into: they are in the context where it was copied whole. */
function foldersEntered(instructions: readonly Instruction[]): readonly string[] {
  return instructions.flatMap(({ keyword, rest }) => {
    const folder = rest.trim();
    return keyword === 'WORKDIR' && /^(?:\.\/)?[\w-]+(?:\/[\w-]+)*\/?$/.test(folder) && folder !== './src'
      ? [folder]
      : [];
  });
}

/** Folders of the packages that `go build` and `go install` are given. */
function goPackages(instructions: readonly Instruction[]): readonly string[] {
  const unknown = (): undefined => undefined;
  return instructions.flatMap(({ keyword, rest, heredocs }) => {
    if (keyword !== 'RUN') return [];
    const text = [rest, ...heredocs.map(({ content }) => content)].join('\n');
    return readCommands(text, unknown).flatMap(({ words }) => {
      const at = words.findIndex((word) => word.text === 'go');
      if (at < 0) return [];
      const { verb, args } = readGoCommand(words.slice(at + 1), unknown);
      if (verb !== 'build' && verb !== 'install') return [];
      return args.flatMap(({ text: arg }) => {
        if (arg === undefined || arg.startsWith('/') || arg.includes('@') || arg.includes('...')) return [];
        return [arg.endsWith('.go') ? folderOf(arg) : arg];
      });
    });
  });
}
