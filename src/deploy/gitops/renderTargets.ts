import { existsSync, readdirSync, readFileSync, statSync, type Dirent } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isList, isRecord, plainData } from './data';
import { documentsOf } from './documents';

/** What is put on top of rendered manifests. */
export interface Overlay {
  /** Entries of `images:`, and `patches:`, as a kustomization has them. */
  readonly images: readonly unknown[];
  readonly patches: readonly unknown[];
  /** `${NAME}` in the result becomes this, as Flux' `postBuild.substitute` does it. */
  readonly substitute: Readonly<Record<string, string>>;
}

/** What a program renders that a file belongs to; paths within the tree. */
export type RenderTarget =
  | { readonly tool: 'kustomize'; readonly folder: string; readonly over?: Overlay | undefined }
  | {
      readonly tool: 'helm';
      readonly chart: string;
      /** Files of values, and `NAME=VALUE`. */
      readonly values: readonly string[];
      readonly sets: readonly string[];
      readonly over?: Overlay | undefined;
    };

/** https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ */
const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Is a file one that kustomize or helm starts from? */
export function isRenderable(path: string): boolean {
  return kustomizationNames.includes(basename(path)) || basename(path) === 'Chart.yaml';
}

/** Is there a kustomization in a folder of the tree? */
export function kustomizationIn(tree: string, folder: string): boolean {
  return kustomizationNames.some((name) => existsSync(join(tree, folder, name)));
}

interface Kustomization {
  readonly folder: string;
  readonly isComponent: boolean;
  /** Files and folders that it names. */
  readonly uses: readonly string[];
}

/**
 * What the edited files belong to: the kustomizations that have them, directly or through others, and that no other of those has itself; the
 * charts whose values or templates they are.
 */
export function renderTargets(tree: string, files: readonly string[]): readonly RenderTarget[] {
  const found = kustomizationsOf(tree);
  const byFolder = new Map(found.map((each) => [each.folder, each]));
  const reach = (folder: string, seen: Set<string>): Set<string> => {
    if (seen.has(folder)) return seen;
    seen.add(folder);
    for (const path of byFolder.get(folder)?.uses ?? []) {
      if (byFolder.has(path)) reach(path, seen);
      else seen.add(path);
    }
    return seen;
  };
  const isOwn = (folder: string, file: string): boolean =>
    dirOf(file) === folder && kustomizationNames.includes(basename(file));
  const having = found
    .map((each) => ({ ...each, reached: reach(each.folder, new Set()) }))
    .filter(({ reached }) =>
      files.some((file) => reached.has(file) || [...reached].some((folder) => isOwn(folder, file))),
    );
  const tops = having.filter(
    ({ folder, isComponent }) =>
      !isComponent &&
      !having.some((other) => other.folder !== folder && !other.isComponent && other.reached.has(folder)),
  );
  const charts = files.flatMap((file) => chartOf(tree, file) ?? []);
  return [
    ...tops.map(({ folder }) => ({ tool: 'kustomize' as const, folder })),
    ...new Map(charts.map((chart) => [`${chart.chart} ${chart.values.join(' ')}`, chart])).values(),
  ];
}

function kustomizationsOf(tree: string): readonly Kustomization[] {
  const found: Kustomization[] = [];
  const visit = (folder: string): void => {
    const entries: readonly Dirent[] = readdirSync(join(tree, folder), { withFileTypes: true });
    const file = entries.find((entry) => entry.isFile() && kustomizationNames.includes(entry.name));
    if (file !== undefined) found.push(kustomizationOf(tree, folder, file.name));
    for (const entry of entries) if (entry.isDirectory()) visit(join(folder, entry.name));
  };
  visit('');
  return found;
}

function kustomizationOf(tree: string, folder: string, name: string): Kustomization {
  const data = documentsOf(readFileSync(join(tree, folder, name), 'utf8')).flatMap((document) => {
    const each = plainData(document);
    return each.kind === 'data' ? [each.value] : [];
  });
  const uses = textsOf(data).flatMap((text) => {
    // `files: [key=path]` of a generator.
    const path = resolve(tree, folder, text.replace(/^[\w.-]+=/, ''));
    const within = relative(tree, path);
    return text.length < 1000 &&
      !text.includes('\n') &&
      !within.startsWith('..') &&
      path.startsWith(tree + sep) &&
      existsSync(path)
      ? [within]
      : [];
  });
  const isComponent = data.some((each) => isRecord(each) && each['kind'] === 'Component');
  return { folder, isComponent, uses: [...new Set(uses)].filter((path) => path !== folder) };
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (isList(value)) return value.flatMap(textsOf);
  return isRecord(value) ? Object.values(value).flatMap(textsOf) : [];
}

/** The chart that a file is of: the nearest folder above it with a Chart.yaml. Files of values are given to it by name. */
function chartOf(tree: string, file: string): Extract<RenderTarget, { tool: 'helm' }> | undefined {
  for (let folder = dirOf(file); ; folder = dirOf(folder)) {
    const chart = join(tree, folder, 'Chart.yaml');
    if (existsSync(chart) && statSync(chart).isFile()) {
      const inner = relative(folder, file);
      const isValues = /\.ya?ml$/.test(inner) && inner !== 'values.yaml' && !/^(templates|crds|charts)\//.test(inner);
      return { tool: 'helm', chart: folder, values: isValues ? [file] : [], sets: [] };
    }
    if (folder === '') return undefined;
  }
}

function dirOf(path: string): string {
  const folder = dirname(path);
  return folder === '.' ? '' : folder;
}
