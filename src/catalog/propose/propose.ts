import type { CatalogImage } from '../../types';
import { wrongFile } from '../fieldRules';
import { kfpCatalog } from '../kfp';
import { isDockerfile, namesOf, plainPath, whyLeftOut, type LeftOut } from './candidates';
import { dockerfileFacts, type DockerfileFacts } from './dockerfileFacts';
import { folderOf, RepositoryFiles } from './repositoryFiles';

/** A catalog for a repository that the built-in one does not fit. */
export interface Proposal {
  readonly images: readonly CatalogImage[];
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly leftOut: readonly LeftOut[];
  /** What whoever reads the catalog should know: sentences. */
  readonly notes: readonly string[];
}

/** What a repository holds. */
interface RepositoryView {
  /** Every path that git knows or would add. */
  readonly paths: readonly string[];
  /** The repository's own name, for an image whose Dockerfile is at the top. */
  readonly name: string;
  readonly read: (path: string) => Promise<string | undefined>;
}

/** Does the repository have every Dockerfile of the built-in catalog where that says? */
export function fitsBuiltIn(paths: readonly string[]): boolean {
  const there = new Set(paths);
  return [...kfpCatalog.images.values()].every(({ dockerfile }) => there.has(dockerfile));
}

/**
 * Looks at a repository's Dockerfiles and proposes a catalog: the backend images of Kubeflow Pipelines by their own names, where they
 * are in another folder, under other names (Konflux) or are fewer; else every Dockerfile that is not for tests, samples or tools.
 */
export async function proposeCatalog(view: RepositoryView): Promise<Proposal> {
  const files = new RepositoryFiles(view.paths);
  const dockerfiles = view.paths.filter(isDockerfile).sort();
  const known = knownImages(dockerfiles, files);
  if (known !== undefined) return known;
  const leftOut: LeftOut[] = [];
  const images = new Map<string, CatalogImage>();
  const bases = new Map<string, readonly string[]>();
  for (const dockerfile of dockerfiles) {
    const plain = plainPath(dockerfile);
    const why =
      (wrongFile(dockerfile) === undefined ? undefined : 'a catalog can’t hold its path') ??
      whyLeftOut(dockerfile) ??
      (plain !== dockerfile && files.isFile(plain) ? `is a variant of ${plain}` : undefined);
    const facts = why ?? dockerfileFacts(dockerfile, (await view.read(dockerfile)) ?? '', files);
    const name = namesOf(dockerfile, view.name).find((each) => !images.has(each));
    if (typeof facts === 'string') leftOut.push({ path: dockerfile, why: facts });
    else if (name === undefined) leftOut.push({ path: dockerfile, why: 'no name is left for it' });
    else {
      images.set(name, imageOf(name, dockerfile, facts));
      bases.set(name, facts.bases);
    }
  }
  return { images: [...images.values()], groups: new Map(), leftOut, notes: fromNotes(bases) };
}

const goCaches = ['/root/.cache/go-build', '/go/pkg/mod'];

function imageOf(name: string, dockerfile: string, facts: DockerfileFacts): CatalogImage {
  const { context, mainPackage, usesGolangImage } = facts;
  return {
    name,
    dockerfile,
    context,
    repository: name,
    target: undefined,
    inputs: mainPackage === undefined ? { kind: 'dockerfile' } : { kind: 'go', mainPackage, paths: [] },
    cacheMounts: usesGolangImage ? goCaches : [],
    buildArgs: {},
    bind: {},
    deploy: undefined,
  };
}

/** Kubeflow Pipelines in a folder, with other names of Dockerfiles, or with fewer images; undefined: it is something else. */
function knownImages(dockerfiles: readonly string[], files: RepositoryFiles): Proposal | undefined {
  const byPlain = new Map(dockerfiles.map((path) => [plainPath(path), path]));
  // A plain Dockerfile counts more than its variant.
  for (const path of dockerfiles) byPlain.set(path, path);
  const builtIn = [...kfpCatalog.images.values()];
  const folders = [...byPlain.keys()]
    .filter((path) => /(?:^|\/)backend\/Dockerfile$/.test(path))
    .map((path) => folderOf(folderOf(path)));
  const [folder, found] = folders
    .map((each) => [each, builtIn.filter(({ dockerfile }) => byPlain.has(join(each, dockerfile)))] as const)
    .sort(([, a], [, b]) => b.length - a.length)[0] ?? ['', []];
  // The apiserver alone says nothing: any backend may have a Dockerfile.
  if (found.length < 3) return undefined;
  const names = new Set(found.map(({ name }) => name));
  const images = found.map((image) =>
    moved(image, folder, byPlain.get(join(folder, image.dockerfile)) ?? '', names, files),
  );
  const used = new Set(images.map(({ dockerfile }) => dockerfile));
  const missing = builtIn.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  return {
    images,
    groups: new Map(
      [...kfpCatalog.groups].filter(([group, of]) => group !== 'backend-all' && of.every((name) => names.has(name))),
    ),
    leftOut: dockerfiles
      .filter((path) => !used.has(path))
      .map((path) => ({ path, why: whyLeftOut(path) ?? `is none of the backend's images` })),
    notes:
      missing.length === 0 ? [] : [`This version of Kubeflow Pipelines has no Dockerfile for ${missing.join(', ')}.`],
  };
}

function moved(
  image: CatalogImage,
  folder: string,
  dockerfile: string,
  names: ReadonlySet<string>,
  files: RepositoryFiles,
): CatalogImage {
  const { inputs } = image;
  const isThere = inputs.kind !== 'go' || files.hasGo(join(folder, inputs.mainPackage));
  return {
    ...image,
    dockerfile,
    context: folder === '' ? '.' : folder,
    inputs:
      inputs.kind !== 'go' || !isThere
        ? { kind: 'dockerfile' }
        : {
            kind: 'go',
            mainPackage: `./${join(folder, inputs.mainPackage.replace(/^\.\//, ''))}`,
            paths: inputs.paths.map((path) => join(folder, path)).filter((path) => files.exists(path)),
          },
    bind: Object.fromEntries(Object.entries(image.bind).filter(([, name]) => names.has(name))),
  };
}

/** Images that start from another image of the repository: the build takes that by its written name, not from the same set. */
function fromNotes(bases: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return [...bases].flatMap(([name, references]) =>
    references.flatMap((reference) => {
      const base =
        reference
          .replace(/@.*$/, '')
          .replace(/:[\w.-]+$/, '')
          .split('/')
          .at(-1) ?? '';
      return base !== name && bases.has(base)
        ? [
            `${name} starts FROM ${reference}, which ${base} of this repository may build: it is taken from where it is published.`,
          ]
        : [];
    }),
  );
}

function join(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}
