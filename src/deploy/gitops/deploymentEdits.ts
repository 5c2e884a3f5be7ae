import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import type { YamlSource } from './source';
import { scalarEdit, type Edit } from './splice';
import { collect, nodeAt, type Found } from './textEdits';
import type { WantedImage } from './wanted';

/**
 * Deployments (whole ones and patches) of the images: the container's image by its name, and the variables that name other images. A
 * variable that is missing is added, since the ones of the base manifests would win over those in the image.
 */
export function deploymentEdits(source: YamlSource, images: readonly WantedImage[]): Found {
  const hits = source.documents.flatMap((document) => {
    if (document.get('kind') !== 'Deployment') return [];
    const name = document.getIn(['metadata', 'name']);
    const containers = nodeAt(document, ['spec', 'template', 'spec', 'containers']);
    if (!isSeq(containers)) return [];
    return containers.items.flatMap((container) => {
      if (!isMap(container)) return [];
      const image = images.find(
        ({ deploy }) =>
          deploy !== undefined && deploy.deployment === name && deploy.container === container.get('name'),
      );
      return image === undefined ? [] : containerEdits(source, container, image);
    });
  });
  return collect(hits);
}

type Hit = { readonly image: string; readonly edit: Edit | undefined };

function containerEdits(source: YamlSource, container: YAMLMap, image: WantedImage): readonly Hit[] {
  const own = container.get('image', true);
  const env = container.get('env', true);
  const hits: Hit[] =
    own === undefined ? [] : [{ image: image.name, edit: scalarEdit(own, image.reference, image.name) }];
  const missing: string[] = [];
  for (const { variable, image: bound, reference } of image.env) {
    const entry = isSeq(env) ? env.items.find((each) => isMap(each) && each.get('name') === variable) : undefined;
    const value = isMap(entry) ? entry.get('value', true) : undefined;
    if (isScalar(value)) hits.push({ image: bound, edit: scalarEdit(value, reference, bound) });
    else if (entry === undefined) {
      missing.push(variable);
      hits.push({ image: bound, edit: undefined });
    }
  }
  // A patch that does not touch the image is not about the set.
  if (missing.length === 0 || own === undefined)
    return own === undefined && missing.length > 0 ? hits.filter(({ edit }) => edit !== undefined) : hits;
  const added = addVariables(source, container, image, missing);
  return added === undefined
    ? hits.filter(
        ({ image: name }) => !image.env.some((each) => each.image === name && missing.includes(each.variable)),
      )
    : [...hits, { image: image.name, edit: added }];
}

/** New items at the start of `env:`, or a new `env:` behind the image; in block style only, other styles are left to people. */
function addVariables(
  source: YamlSource,
  container: YAMLMap,
  image: WantedImage,
  missing: readonly string[],
): Edit | undefined {
  const { text, lineEnd } = source;
  const column = (at: number): number => at - (text.lastIndexOf('\n', at - 1) + 1);
  const wanted = image.env.filter(({ variable }) => missing.includes(variable));
  const items = (indent: string): string =>
    wanted
      .map(
        ({ variable, reference }) => `${indent}- name: ${variable}${lineEnd}${indent}  value: ${reference}${lineEnd}`,
      )
      .join('');
  const pair = container.items.find(({ key }) => isScalar(key) && key.value === 'env');
  if (pair !== undefined) {
    if (!isSeq(pair.value) || pair.value.flow === true) return undefined;
    const [first] = pair.value.items;
    if (!isMap(first) && !isScalar(first)) return undefined;
    const dash = text.lastIndexOf('-', (first.range?.[0] ?? 0) - 1);
    const start = text.lastIndexOf('\n', dash) + 1;
    if (dash < 0 || text.slice(start, dash).trim() !== '') return undefined;
    return { start, end: start, text: items(' '.repeat(dash - start)), image: image.name };
  }
  const own = container.items.find(({ key }) => isScalar(key) && key.value === 'image');
  if (container.flow === true || own === undefined || !isScalar(own.key) || !isScalar(own.value)) return undefined;
  const indent = ' '.repeat(column(own.key.range?.[0] ?? 0));
  const lineBreak = text.indexOf('\n', own.value.range?.[1] ?? 0);
  // A line break is needed to go on from.
  if (lineBreak < 0) return undefined;
  return {
    start: lineBreak + 1,
    end: lineBreak + 1,
    text: `${indent}env:${lineEnd}${items(indent)}`,
    image: image.name,
  };
}
