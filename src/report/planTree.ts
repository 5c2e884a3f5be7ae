import type { Plan, PlannedImage } from '../types';
import { oneLine } from './escape';
import { counted, firstFew, shortCommit, untold } from './format';
import type { Paint } from './paint';
import { columns, pad } from './width';

/** Changed paths that are named; the others are counted. */
const PATHS_SHOWN = 3;

interface Row {
  readonly branch: string;
  /** What is before the image's further lines. */
  readonly below: string;
  readonly image: PlannedImage;
  /** It is printed further up already, with all that is said about it. */
  readonly again: boolean;
  /** Do all that need it bind it? Else some are built on it. */
  readonly onlyBound: boolean;
}

/**
 * The plan for people: under each image the images that it binds, each with what is done, why it is there, why that is done and
 * what changed. Lines are safe to print and have no line breaks. `of`: what it is a plan for, where there is no commit yet.
 */
export function planTree(
  plan: Plan,
  paint: Paint,
  of = `commit ${oneLine(shortCommit(plan.commit))}`,
): readonly string[] {
  const rows = treeRows(plan);
  const width = Math.max(0, ...rows.map((row) => columns(row.branch + safeName(row.image))));
  const head = `Plan for ${of}`;
  const keywords =
    plan.keywords.length === 0
      ? ''
      : `, asked for: ${firstFew(
          plan.keywords.map((word) => oneLine(word, 60)),
          12,
        )}`;
  const lines = [`${paint.bold(head)}${keywords}`];
  if (plan.images.length === 0) return [...lines, 'No image is asked for.'];
  lines.push('', ...rows.flatMap((row) => rowLines(row, width, paint)), '', total(plan));
  return lines;
}

function rowLines({ branch, below, image, again, onlyBound }: Row, width: number, paint: Paint): readonly string[] {
  const name = safeName(image);
  const filled = `${paint.dim(branch)}${paint.bold(name)}${pad('', width - columns(branch + name))}`;
  if (again) return [`${filled}  ${paint.dim('see above')}`];
  const action = image.action === 'build' ? paint.yellow('build') : paint.green('reuse');
  const why = [
    image.requested ? 'requested' : '',
    image.neededBy.length > 0 ? `${onlyBound ? 'bound' : 'needed'} by ${firstFew(image.neededBy, 4)}` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
  // Without anything to compare with, that it was asked for is the whole reason.
  const isAll = image.reason === 'requested' || /^(bound|needed) by /.test(image.reason);
  const reason =
    isAll && why !== '' ? oneLine(why) : `${oneLine(image.reason)}${why === '' ? '' : paint.dim(` (${oneLine(why)})`)}`;
  const lines = [`${filled}  ${action}  ${reason}`];
  const details: [string, string][] = [];
  const binds = Object.entries(image.binds).map(([variable, bound]) => `${variable}=${bound}`);
  if (binds.length > 0) details.push(['binds', binds.join(', ')]);
  if (image.builtOn !== undefined) details.push(['on', image.builtOn.join(', ')]);
  const changed = untold(image.reason, image.changed);
  if (changed.length > 0) details.push(['changed', firstFew(changed, PATHS_SHOWN)]);
  for (const note of image.notes) details.push(['note', note]);
  const indent = paint.dim(below) + pad('', width - columns(below));
  for (const [label, text] of details) lines.push(`${indent}  ${paint.dim(pad(label, 7))} ${oneLine(text)}`);
  return lines;
}

function safeName(image: PlannedImage): string {
  return oneLine(image.name, 100);
}

function total(plan: Plan): string {
  const build = plan.images.filter((image) => image.action === 'build').length;
  const reuse = plan.images.length - build;
  return `${counted(plan.images.length, 'image')}: ${String(build)} to build, ${String(reuse)} to reuse`;
}

/** Images that nothing in the plan binds are the roots, in the plan's order; under each is what it binds. */
function treeRows(plan: Plan): readonly Row[] {
  const images = new Map(plan.images.map((image) => [image.name, image]));
  const seen = new Set<string>();
  const rows: Row[] = [];
  const walk = (image: PlannedImage, before: string, place: 'root' | 'inner' | 'last'): void => {
    const again = seen.has(image.name);
    seen.add(image.name);
    const children = again ? [] : childrenOf(image, images);
    const stem = before + (place === 'root' ? '' : place === 'inner' ? '│  ' : '   ');
    const onlyBound = !plan.images.some(({ builtOn = [] }) => builtOn.includes(image.name));
    const branch = before + (place === 'root' ? '' : place === 'inner' ? '├─ ' : '└─ ');
    rows.push({ branch, below: stem + (children.length > 0 ? '│' : ''), image, again, onlyBound });
    children.forEach((child, index) => walk(child, stem, index === children.length - 1 ? 'last' : 'inner'));
  };
  const bound = new Set(plan.images.flatMap((image) => childrenOf(image, images).map((child) => child.name)));
  for (const image of plan.images) if (!bound.has(image.name)) walk(image, '', 'root');
  return rows;
}

function childrenOf(image: PlannedImage, images: ReadonlyMap<string, PlannedImage>): readonly PlannedImage[] {
  const names = [...new Set([...Object.values(image.binds), ...(image.builtOn ?? [])])];
  return names.map((name) => images.get(name)).filter((child) => child !== undefined);
}
