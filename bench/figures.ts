import { availableParallelism, cpus, totalmem } from 'node:os';
import { median } from './measure';

/** One line of the table: what was measured in each run, and what is aimed at. */
export interface Figure {
  readonly workload: string;
  readonly name: string;
  /** `s` seconds, `MB` 10⁶ bytes, `×` a ratio within one run. */
  readonly unit: 's' | 'MB' | '×';
  /** One for each run. */
  readonly values: readonly number[];
  readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
}

/** What a workload came to. */
export interface Result {
  readonly workload: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** For people: what could not be measured, or differs from the goal's conditions. */
  readonly notes: readonly string[];
}

/** The ratio of two figures, run by run. */
export function ratio(
  name: string,
  over: Figure,
  under: Figure,
  goal?: { readonly atMost: number } | { readonly atLeast: number },
): Figure {
  const values = over.values.map((value, run) => value / (under.values[run] ?? NaN));
  return { workload: over.workload, name, unit: '×', values, ...(goal === undefined ? {} : { goal }) };
}

/** Does the median meet the goal? undefined: there is none. */
export function isMet({ goal, values }: Figure): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'atMost' in goal ? median(values) <= goal.atMost : median(values) >= goal.atLeast;
}

/** A Markdown table. */
export function table(results: readonly Result[]): string {
  const lines = ['| | what | median | lowest to highest | goal | |', '|---|---|---|---|---|---|'];
  for (const { workload, title, figures, notes } of results) {
    lines.push(`| **${workload}** | **${title}** | | | | |`);
    for (const figure of figures) {
      const { name, unit, values, goal } = figure;
      const show = (value: number): string =>
        `${value.toFixed(unit === 'MB' ? 0 : 2)}${unit === '×' ? ' ×' : ` ${unit}`}`;
      const aim =
        goal === undefined ? '' : 'atMost' in goal ? `at most ${show(goal.atMost)}` : `at least ${show(goal.atLeast)}`;
      const met = isMet(figure);
      lines.push(
        `| | ${name} | ${show(median(values))} | ${show(Math.min(...values))} to ${show(Math.max(...values))} | ${aim} | ${met === undefined ? '' : met ? 'met' : 'missed'} |`,
      );
    }
    for (const note of notes) lines.push(`| | *${note}* | | | | |`);
  }
  return `${lines.join('\n')}\n`;
}

/** The same as data. */
export function document(results: readonly Result[]): string {
  const machine = {
    cpus: availableParallelism(),
    model: cpus()[0]?.model ?? '',
    memoryGB: totalmem() / 1e9,
    node: process.version,
  };
  const shown = results.map((result) => ({
    ...result,
    figures: result.figures.map((figure) => ({ ...figure, median: median(figure.values), met: isMet(figure) ?? null })),
  }));
  return `${JSON.stringify({ version: 1, machine, results: shown }, undefined, 2)}\n`;
}
