/** Tells a person who waits what is going on. */
export type Progress = (line: string) => void;

/**
 * Lets contenders take turns, so that each ratio is of one run: all of them once, then all of them again. Who begins changes from run to
 * run. Gives the figures of each, in the order of `contenders`.
 */
export async function takeTurns(
  runs: number,
  progress: Progress,
  contenders: Readonly<Record<string, (run: number) => Promise<number>>>,
  unit = 's',
): Promise<readonly (readonly [name: string, values: readonly number[]])[]> {
  const entries = Object.entries(contenders);
  const values = new Map<string, number[]>(entries.map(([name]) => [name, []]));
  for (let run = 0; run < runs; run += 1) {
    for (let turn = 0; turn < entries.length; turn += 1) {
      const [name, measure] = entries[(run + turn) % entries.length] ?? ['', () => Promise.resolve(NaN)];
      const value = await measure(run);
      values.get(name)?.push(value);
      progress(`  run ${run + 1} of ${runs}: ${name} ${value.toFixed(2)} ${unit}`);
    }
  }
  return [...values];
}
