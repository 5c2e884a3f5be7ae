import type { BuildOutcome, Plan, PlannedImage } from '../types';
import { mermaidText } from './escape';
import { shortDigest } from './format';

/** Mermaid draws at most 500 edges: https://mermaid.js.org/config/schema-docs/config.html#maxedges */
const MOST_EDGES = 300;
const MOST_IMAGES = 150;

/**
 * What binds what, as a Mermaid flow chart: an arrow goes from an image to the one that carries its digest, with the names of the
 * environment variables. Images that neither bind nor are bound are left out. `digests`: of the images that are in the registry.
 * undefined: nothing binds anything, or there is too much to draw.
 */
export function bindGraph(
  plan: Plan,
  outcomes: readonly BuildOutcome[],
  digests: ReadonlyMap<string, string>,
): string | undefined {
  const images = joined(plan.images);
  const ids = new Map(images.map((image, index) => [image.name, `i${String(index)}`]));
  const edges = images.flatMap((image) => edgesOf(image.name, image.binds, ids));
  if (edges.length === 0 || edges.length > MOST_EDGES || images.length > MOST_IMAGES) return undefined;
  const ends = new Map(outcomes.map((outcome) => [outcome.name, outcome.kind]));
  const nodes = images.map(({ name, action }) => {
    const digest = digests.get(name);
    const end = ends.get(name);
    // In words too: not everybody tells the colours apart.
    const state = end === undefined ? `to ${action}` : end === 'blocked' ? 'not built' : end;
    const label = `${mermaidText(name, 60)}<br/>${state}${digest === undefined ? '' : `<br/>${mermaidText(shortDigest(digest))}`}`;
    return `    ${ids.get(name) ?? ''}["${label}"]:::${end ?? (action === 'build' ? 'planned' : 'reused')}`;
  });
  return ['flowchart LR', ...nodes, ...edges, ...STYLES].join('\n');
}

/** Those that bind an image of the plan, or that one binds, in the plan's order. */
function joined(images: readonly PlannedImage[]): readonly PlannedImage[] {
  const names = new Set(images.map((image) => image.name));
  const ends = new Set(
    images.flatMap(({ name, binds }) => {
      const bound = Object.values(binds).filter((each) => names.has(each));
      return bound.length === 0 ? [] : [name, ...bound];
    }),
  );
  return images.filter((image) => ends.has(image.name));
}

function edgesOf(
  name: string,
  binds: Readonly<Record<string, string>>,
  ids: ReadonlyMap<string, string>,
): readonly string[] {
  const variables = Map.groupBy(Object.entries(binds), ([, bound]) => bound);
  return [...variables].flatMap(([bound, entries]) => {
    const [from, to] = [ids.get(bound), ids.get(name)];
    if (from === undefined || to === undefined) return [];
    const label = entries.map(([variable]) => mermaidText(variable, 60)).join('<br/>');
    return [`    ${from} -- "${label}" --> ${to}`];
  });
}

/** Readable on a light and on a dark page. */
const STYLES = [
  '    classDef built fill:#2da44e,color:#ffffff,stroke:#1a7f37',
  '    classDef reused fill:#57606a,color:#ffffff,stroke:#424a53',
  '    classDef planned fill:#0969da,color:#ffffff,stroke:#0550ae',
  '    classDef failed fill:#cf222e,color:#ffffff,stroke:#a40e26',
  '    classDef blocked fill:#9a6700,color:#ffffff,stroke:#7d4e00',
  '    classDef cancelled fill:#9a6700,color:#ffffff,stroke:#7d4e00',
];
