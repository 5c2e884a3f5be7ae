import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'vitest';

/** Command lines of processes whose environment names the folder as theirs (DOCKER_CONFIG of a run). */
export async function processesOf(temp: string): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    ids.map(async (id) => {
      const environment = await readFile(`/proc/${id}/environ`, 'latin1').catch(() => '');
      if (!environment.split('\0').some((entry) => entry.startsWith(`DOCKER_CONFIG=${temp}/`))) return '';
      return (await readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '')).replaceAll('\0', ' ');
    }),
  );
  return lines.filter((line) => line !== '');
}

/** Fails when such processes stay. The system takes a moment for what was killed, and a busy one takes long. */
export async function noneLeft(temp: string): Promise<void> {
  await expect.poll(() => processesOf(temp), { timeout: 60_000 }).toEqual([]);
}
