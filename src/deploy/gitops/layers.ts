import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { isList, isRecord, valueAt } from './data';
import { repositoryOf } from './references';
import { kustomizationIn, type Overlay, type RenderTarget } from './renderTargets';
import { readSource } from './source';

/** What an object of Argo CD or Flux renders of the same repository, and what it puts on top. */
export interface Layer {
  readonly target: RenderTarget;
  /** The folder in the repository that it starts from. */
  readonly base: string;
  /** Files with values, to be written into the tree first. */
  readonly files: Readonly<Record<string, string>>;
}

type Values = Readonly<Record<string, unknown>>;

/** A folder of ours in the tree. */
export const layerFolder = '.kfp-images-check';

/**
 * What the Applications, HelmReleases and Flux Kustomizations of a file render, as far as it is in the same repository.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/ https://fluxcd.io/flux/components/helm/helmreleases/
 */
export function layersOf(file: string, text: string, tree: string): readonly Layer[] {
  const objects = readSource(file, text).data.flatMap(objectsOf);
  return objects.flatMap((object, index) => {
    const name = `${file.replaceAll(/[^\w.-]/g, '-')}-${index}`;
    switch (object['kind']) {
      case 'Application':
      case 'ApplicationSet': {
        const spec = object['kind'] === 'Application' ? object['spec'] : valueAt(object, ['spec', 'template', 'spec']);
        const sources = [valueAt(spec, ['source']), ...list(valueAt(spec, ['sources']))];
        return sources.flatMap((source, number) =>
          isRecord(source) ? argocdLayer(source, `${name}-${number}`, tree) : [],
        );
      }
      case 'HelmRelease': {
        const post = list(valueAt(object, ['spec', 'postRenderers'])).map((each) => valueAt(each, ['kustomize']));
        const over = overlay(
          post.flatMap((each) => list(valueAt(each, ['images']))),
          post.flatMap((each) => list(valueAt(each, ['patches']))),
        );
        const chart = valueAt(object, ['spec', 'chart', 'spec', 'chart']);
        return helmLayer(chart, { values: [valueAt(object, ['spec', 'values'])], over, name, tree });
      }
      case 'Kustomization': {
        const spec = object['spec'];
        const substitute = valueAt(spec, ['postBuild', 'substitute']);
        const over = overlay(
          list(valueAt(spec, ['images'])),
          list(valueAt(spec, ['patches'])),
          isRecord(substitute) ? substitute : {},
        );
        return kustomizeLayer(valueAt(spec, ['path']), over, tree);
      }
      default:
        return [];
    }
  });
}

function argocdLayer(source: Values, name: string, tree: string): readonly Layer[] {
  const { path, kustomize, helm } = source;
  const images = list(valueAt(kustomize, ['images'])).flatMap((each) =>
    typeof each === 'string' ? [argocdImage(each)] : [],
  );
  const over = overlay(images, list(valueAt(kustomize, ['patches'])));
  const sets = list(valueAt(helm, ['parameters'])).flatMap((each) =>
    isRecord(each) ? [`${String(each['name'])}=${String(each['value'])}`] : [],
  );
  // Later ones count: https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#helm-value-precedence
  const values = [valueAt(helm, ['values']), valueAt(helm, ['valuesObject'])];
  const valueFiles = list(valueAt(helm, ['valueFiles'])).flatMap((each) => (typeof each === 'string' ? [each] : []));
  return [...kustomizeLayer(path, over, tree), ...helmLayer(path, { values, valueFiles, sets, name, tree })];
}

/** `[OLD=]NEW[:TAG|@DIGEST]` as an entry of a kustomization. */
function argocdImage(text: string): Values {
  const [name = '', given] = text.includes('=') ? text.split('=', 2) : [repositoryOf(text), text];
  const [tagged = '', digest] = (given ?? '').split('@', 2);
  const newName = repositoryOf(tagged);
  const newTag = tagged.slice(newName.length + 1);
  return { name, newName, ...(newTag === '' ? {} : { newTag }), ...(digest === undefined ? {} : { digest }) };
}

function kustomizeLayer(path: unknown, over: Overlay, tree: string): readonly Layer[] {
  const base = folderOf(path, tree);
  if (base === undefined || !kustomizationIn(tree, base)) return [];
  return [{ target: { tool: 'kustomize', folder: base, over }, base, files: {} }];
}

function helmLayer(
  path: unknown,
  given: {
    readonly values: readonly unknown[];
    readonly valueFiles?: readonly string[];
    readonly sets?: readonly string[];
    readonly over?: Overlay;
    readonly name: string;
    readonly tree: string;
  },
): readonly Layer[] {
  const { values, valueFiles = [], sets = [], over, name, tree } = given;
  const base = folderOf(path, tree);
  if (base === undefined || !existsSync(join(tree, base, 'Chart.yaml'))) return [];
  const files = Object.fromEntries(
    values.flatMap((each, index) => {
      const text = typeof each === 'string' ? each : isRecord(each) ? JSON.stringify(each) : undefined;
      return text === undefined ? [] : [[join(layerFolder, `${name}-${index}.yaml`), text] as const];
    }),
  );
  const own = valueFiles.flatMap((each) => {
    const file = normalize(join(base, each));
    return !file.startsWith('..') && existsSync(join(tree, file)) ? [file] : [];
  });
  const target: RenderTarget = { tool: 'helm', chart: base, values: [...own, ...Object.keys(files)], sets, over };
  return [{ target, base, files }];
}

/** A folder within the tree; undefined: there is none. */
function folderOf(path: unknown, tree: string): string | undefined {
  if (typeof path !== 'string' || path.length > 1000) return undefined;
  const folder = normalize(path).replace(/\/$/, '');
  if (folder.startsWith('..') || folder.startsWith('/') || !existsSync(join(tree, folder))) return undefined;
  return folder === '.' ? '' : folder;
}

function overlay(images: readonly unknown[], patches: readonly unknown[], substitute: Values = {}): Overlay {
  const texts = Object.entries(substitute).map(([key, value]) => [key, String(value)] as const);
  return { images, patches, substitute: Object.fromEntries(texts) };
}

function objectsOf(value: unknown): readonly Values[] {
  if (!isRecord(value)) return [];
  const { items } = value;
  return value['kind'] === 'List' && isList(items) ? items.flatMap(objectsOf) : [value];
}

function list(value: unknown): readonly unknown[] {
  return isList(value) ? value : [];
}
