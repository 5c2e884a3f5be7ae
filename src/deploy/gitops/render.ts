import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DeployError, EnvironmentError } from '../../errors';
import { capture } from '../../system/exec';
import type { Command } from '../../types';
import type { EditedFile } from './edits';
import { layerFolder, layersOf, type Layer } from './layers';
import type { CheckedEdit } from './publish';
import { factsOf, renderedProblems, unreached, type Fact } from './rendered';
import { isRenderable, renderTargets, type Overlay, type RenderTarget } from './renderTargets';
import { pathsOf, writeTree } from './tree';

/** What was rendered, and what could not be: sentences for people. */
interface RenderReport {
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Remote bases may have to be fetched. */
const longestMs = 180_000;

/** The call of the program that renders a target, in the folder of the tree. */
function renderCommand(target: RenderTarget, tree: string): Command {
  if (target.tool === 'kustomize') return { command: 'kustomize', args: ['build', `./${target.folder}`], cwd: tree };
  const values = [...target.values.map((file) => `--values=${file}`), ...target.sets.map((set) => `--set=${set}`)];
  return { command: 'helm', args: ['template', 'kfp-images-check', `./${target.chart}`, ...values], cwd: tree };
}

/** What is rendered before and after: the same target, with other values and patches on top where an Application has them. */
interface Job {
  readonly name: string;
  readonly before: Pick<Layer, 'target' | 'files'>;
  readonly after: Pick<Layer, 'target' | 'files'>;
}

/**
 * Renders what the edited files belong to, before and after, where kustomize or helm is at hand: afterwards each Deployment that the edit
 * changes has the set's image and variables, and what is written reaches it. Throws DeployError when not, or when it does not render any more.
 */
export async function checkRendered(
  { clone, base, files, images }: CheckedEdit,
  signal: AbortSignal,
): Promise<RenderReport> {
  const changed = files.filter(({ before, after }) => before !== after);
  if (!(await pathsOf(clone, base)).some(isRenderable) || !(await isAtHand())) return { notes: [], warnings: [] };
  const tree = await writeTree(clone, base, 'tree');
  const { jobs, isWhole } = jobsOf(changed, tree);
  const before: Rendering[] = [];
  for (const job of jobs) before.push(await render(job.before, tree, signal));
  for (const { path, after } of changed) await writeFile(join(tree, path), after);
  const notes: string[] = [];
  const warnings: string[] = [];
  const all: (readonly Fact[])[] = [];
  for (const [index, { name, after }] of jobs.entries()) {
    const { tool } = after.target;
    const old = before[index];
    if (old === undefined || old.kind === 'absent') continue;
    if (old.kind === 'failed') {
      warnings.push(`${tool} can't render ${name} as it is, so that the edit was not checked there: ${old.why}`);
      continue;
    }
    const made = await render(after, tree, signal);
    if (made.kind !== 'rendered')
      throw refusal(name, tool, made.kind === 'failed' ? `it would not render any more: ${made.why}` : 'it is gone');
    const facts = factsOf(made.text, images);
    const [problem] = renderedProblems(factsOf(old.text, images), facts);
    if (problem !== undefined && isWhole) throw refusal(name, tool, problem);
    if (problem !== undefined) {
      warnings.push(`Rendered with ${tool}, ${name} alone: ${problem}. The other files that are written say the rest.`);
      continue;
    }
    all.push(facts);
    const what = facts.length === 0 ? 'it has no Deployment of the set' : 'what changes is the set';
    notes.push(`Rendered ${name} with ${tool}, before and after: ${what}.`);
  }
  const written = new Set(changed.flatMap(({ edits }) => edits.map(({ image }) => image)));
  const [lost] = unreached([...written], all);
  if (lost !== undefined && isWhole) {
    throw new DeployError(
      `What is written of ${lost} reaches no Deployment: rendered, ${jobs.map(({ name }) => name).join(', ')} has another image there as before. ` +
        'Give the file that says it (--file). Nothing is written.',
    );
  }
  return { notes, warnings };
}

/** `isWhole`: every file belongs to something that is rendered, so that the result says it all. */
function jobsOf(
  changed: readonly EditedFile[],
  tree: string,
): { readonly jobs: readonly Job[]; readonly isWhole: boolean } {
  const layers = changed.flatMap(({ path, before, after }) => {
    const old = layersOf(path, before, tree);
    return layersOf(path, after, tree).flatMap((layer, index) => {
      const same = old[index];
      return same === undefined ? [] : [{ base: layer.base, path, before: same, after: layer }];
    });
  });
  const paths = changed.map(({ path }) => path);
  const bases = new Set(layers.map(({ base }) => base));
  // What an Application puts something on top of is not rendered without it.
  const alone = renderTargets(tree, paths).filter(
    (target) => !bases.has(target.tool === 'helm' ? target.chart : target.folder),
  );
  const isWhole = paths.every(
    (path) => layers.some((layer) => layer.path === path) || renderTargets(tree, [path]).length > 0,
  );
  const jobs = [
    ...layers.map(({ path, base, before, after }) => ({
      name: `${base === '' ? 'the top folder' : base} as ${path} has it`,
      before,
      after,
    })),
    ...alone.map((target) => ({ name: nameOf(target), before: { target, files: {} }, after: { target, files: {} } })),
  ];
  return { jobs, isWhole };
}

type Rendering =
  | { readonly kind: 'rendered'; readonly text: string }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'absent' };

async function render({ target, files }: Job['before'], tree: string, signal: AbortSignal): Promise<Rendering> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  const own = await output(renderCommand(target, tree), signal);
  const { over } = target;
  if (own.kind !== 'rendered' || over === undefined) return own;
  const made = over.images.length + over.patches.length === 0 ? own : await renderOver(own.text, over, tree, signal);
  if (made.kind !== 'rendered') return made;
  const { substitute } = over;
  // https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
  const text = made.text.replaceAll(/\$\{(\w+)(?::?[-=]([^}]*))?\}/g, (whole, name: string, fallback?: string) =>
    Object.hasOwn(substitute, name) ? (substitute[name] ?? '') : (fallback ?? whole),
  );
  return { kind: 'rendered', text };
}

async function renderOver(
  manifests: string,
  { images, patches }: Overlay,
  tree: string,
  signal: AbortSignal,
): Promise<Rendering> {
  const folder = join(layerFolder, 'over');
  await rm(join(tree, folder), { recursive: true, force: true });
  await mkdir(join(tree, folder), { recursive: true });
  await writeFile(join(tree, folder, 'all.yaml'), manifests);
  const kustomization = JSON.stringify({ resources: ['all.yaml'], images, patches });
  await writeFile(join(tree, folder, 'kustomization.yaml'), kustomization);
  return output(renderCommand({ tool: 'kustomize', folder }, tree), signal);
}

async function output(command: Command, signal: AbortSignal): Promise<Rendering> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
    const { exitCode, stdout, stderr } = await capture(command, { signal: limit });
    signal.throwIfAborted();
    if (exitCode === 0) return { kind: 'rendered', text: stdout.toString('utf8') };
    // Of a base that can't be fetched kustomize says what git said, and then the status of git.
    const why = stderr
      .trim()
      .split('\n')
      .findLast((line) => !/^:? *exit status \d+$/.test(line));
    return { kind: 'failed', why: (why ?? '').slice(0, 500) };
  } catch (thrown) {
    if (thrown instanceof EnvironmentError) return { kind: 'absent' };
    throw thrown;
  }
}

async function isAtHand(): Promise<boolean> {
  const found = await Promise.all(
    ['kustomize', 'helm'].map((command) =>
      capture({ command, args: ['version'] }).then(
        ({ exitCode }) => exitCode === 0,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function nameOf(target: RenderTarget): string {
  const folder = target.tool === 'kustomize' ? target.folder : target.chart;
  const values = target.tool === 'helm' && target.values.length > 0 ? ` with ${target.values.join(', ')}` : '';
  return `${folder === '' ? 'the top folder' : folder}${values}`;
}

function refusal(name: string, tool: string, why: string): DeployError {
  return new DeployError(`Rendered with ${tool}, ${name} would be wrong: ${why}. Nothing is written.`);
}
