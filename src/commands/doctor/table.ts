import { oneLine } from '../../report/escape';
import type { Paint } from '../../report/paint';
import type { Checked } from './check';

const longest = 500;

/** The findings as a table: sign, what, its state; below what fixes it. */
export function tableLines(found: readonly Checked[], paint: Paint): readonly string[] {
  const width = Math.max(...found.map(({ name }) => name.length), 0);
  const rows = found.flatMap((check) => {
    const { name, text, fix } = check;
    const lines = fix.map((each) => `  ${' '.repeat(width)}  → ${oneLine(each, longest)}`);
    return [`${sign(check, paint)} ${name.padEnd(width)}  ${oneLine(text, longest)}`, ...lines];
  });
  const failed = found.filter(({ needed, state }) => needed && state !== 'good');
  const end =
    failed.length === 0
      ? 'Everything needed is there.'
      : `Needed and missing: ${failed.map(({ name }) => name).join(', ')}.`;
  return [...rows, '', end];
}

/** What is not needed is marked, not held against anyone. */
function sign({ state, needed }: Checked, paint: Paint): string {
  if (state === 'good') return paint.green('✔');
  return needed ? paint.red('✖') : paint.yellow(state === 'bad' ? '✖' : '?');
}
