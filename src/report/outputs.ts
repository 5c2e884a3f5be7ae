import { randomUUID } from 'node:crypto';
import type { Plan } from '../types';
import { counted } from './format';
import { compactPlanJson } from './planJson';
import { appendTo } from './atomicFile';
import type { AttestedSubject } from './runReport';

/** What the Action gives to the steps after it. */
export interface Outputs {
  readonly keywords: readonly string[];
  /** undefined: there was nothing to plan. */
  readonly plan: Plan | undefined;
  /** Name → `REPOSITORY@sha256:…`. */
  readonly images: ReadonlyMap<string, string>;
  readonly built: readonly string[];
  readonly reused: readonly string[];
  readonly lockFile: string | undefined;
  /** For `strategy.matrix`; empty: there is nothing to fan out. */
  readonly matrix: string;
  /** Name (the set's is `set`) → what is attached to it. */
  readonly attestations: ReadonlyMap<string, AttestedSubject>;
}

/**
 * All outputs of a job may have 1 MiB together: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs
 * GitHub counts UTF-16; what the other outputs and steps need is left free.
 */
const PLAN_LIMIT = 200_000;
const PATHS_KEPT = [100, 20, 3, 0];

/** The outputs as texts, and words for the log where something had to be shortened. */
export function outputTexts(outputs: Outputs): {
  readonly texts: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
} {
  const { text, notes } = planText(outputs.plan);
  const texts = new Map([
    ['keywords', JSON.stringify(outputs.keywords)],
    ['plan', text],
    ['images', JSON.stringify(Object.fromEntries(outputs.images))],
    ['built', JSON.stringify(outputs.built)],
    ['reused', JSON.stringify(outputs.reused)],
    ['matrix', outputs.matrix],
    ['lock-file', outputs.lockFile ?? ''],
    ['attestations', JSON.stringify(Object.fromEntries(outputs.attestations))],
  ]);
  return { texts, notes };
}

/**
 * Appends the outputs to the file that GITHUB_OUTPUT names, and gives words for the log. Throws EnvironmentError when the file
 * can't be written.
 */
export async function writeOutputs(path: string, outputs: Outputs): Promise<readonly string[]> {
  const { texts, notes } = outputTexts(outputs);
  await appendTo('The file for outputs', path, [...texts].map(([name, text]) => outputEntry(name, text)).join(''));
  return notes;
}

/**
 * One output in the form for texts of several lines. No text can end it, because nobody can know the delimiter:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions#multiline-strings
 */
export function outputEntry(name: string, text: string): string {
  let delimiter = randomUUID();
  while (text.includes(delimiter)) delimiter = randomUUID();
  return `${name}<<${delimiter}\n${text}\n${delimiter}\n`;
}

function planText(plan: Plan | undefined): { readonly text: string; readonly notes: readonly string[] } {
  if (plan === undefined) return { text: '', notes: [] };
  const whole = compactPlanJson(plan);
  if (whole.length <= PLAN_LIMIT) return { text: whole, notes: [] };
  for (const paths of PATHS_KEPT) {
    const text = compactPlanJson(plan, paths);
    if (text.length > PLAN_LIMIT) continue;
    const note = `The output "plan" is too large for GitHub, so it lists at most ${counted(paths, 'changed path')} per image.`;
    return { text, notes: [note] };
  }
  return {
    text: '',
    notes: ['The output "plan" is too large for GitHub and left empty. Run "kfp-images plan --json" to see the plan.'],
  };
}
