import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from './round';
import type { EndToEndReport } from './endToEndRound';

/** What a number of rounds came to, as a table. */
export function figuresOf(reports: readonly Report[], seconds: number): string {
  const runs = new Map<string, Map<string, number>>();
  const faults = new Map<string, number>();
  let requests = 0;
  let replays = 0;
  for (const report of reports) {
    const kind = `${report.scenario.kind}${report.scenario.inProcesses ? ' (processes)' : ''}`;
    const endings = runs.get(kind) ?? new Map<string, number>();
    for (const ending of report.endings) endings.set(ending, (endings.get(ending) ?? 0) + 1);
    runs.set(kind, endings);
    for (const [fault, count] of report.faults) faults.set(fault, (faults.get(fault) ?? 0) + count);
    requests += report.requests;
    replays += report.replays;
  }
  const broken = reports.filter(({ problems }) => problems.length > 0).length;
  return table([
    ...rowsOf(runs),
    ['faults', list(faults)],
    ['slowest', slowest(reports)],
    [
      'in all',
      `${reports.length} seeds, ${requests} requests, ${seconds.toFixed(0)} s, ${replays} played again, ${broken} broken`,
    ],
  ]);
}

/** The same of whole runs. */
export function endToEndFigures(reports: readonly EndToEndReport[], seconds: number): string {
  const runs = new Map<string, Map<string, number>>();
  const sum = (what: 'faults' | 'requests'): number => reports.reduce((all, report) => all + report[what], 0);
  for (const { kind, endings } of reports) {
    const counts = runs.get(kind) ?? new Map<string, number>();
    for (const ending of endings) counts.set(ending, (counts.get(ending) ?? 0) + 1);
    runs.set(kind, counts);
  }
  const broken = reports.filter(({ problems }) => problems.length > 0).length;
  const all = `${reports.length} seeds, ${sum('requests')} requests, ${sum('faults')} faults`;
  return table([
    ...rowsOf(runs).map(([kind, endings]) => [`whole: ${kind}`, endings] as const),
    ['whole, in all', `${all}, ${seconds.toFixed(0)} s, ${broken} broken`],
  ]);
}

/** `r17 chance 12.3 s`: where the time goes, when it goes. */
const slowest = (reports: readonly Report[]): string =>
  [...reports]
    .sort((one, two) => two.ms - one.ms)
    .slice(0, 5)
    .map(({ scenario: { seed, kind, inProcesses }, ms }) => {
      return `${inProcesses ? 'p' : ''}${seed} ${kind} ${(ms / 1000).toFixed(1)} s`;
    })
    .join(', ');

type Row = readonly [name: string, text: string];

const list = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

const rowsOf = (runs: ReadonlyMap<string, ReadonlyMap<string, number>>): readonly Row[] =>
  [...runs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, endings]) => [kind, list(endings)]);

function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}

/** Prints figures, or where KFP_IMAGES_FAULT_FIGURES names a folder leaves them there: who started the suite prints them at its end. */
export async function tellFigures(text: string): Promise<void> {
  const folder = process.env['KFP_IMAGES_FAULT_FIGURES'];
  if (folder === undefined) console.log(text);
  else await appendFile(join(folder, 'figures'), `${text}\n`);
}
