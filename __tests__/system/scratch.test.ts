import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../src/errors';
import { identify } from '../../src/system/processes';
import { createScratch, recordGroup, removeScratch, removeStale, scratchBase } from '../../src/system/scratch';

let base: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'scratch-test-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(base, { recursive: true, force: true });
});

function start(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess & { pid: number } {
  const child = spawn(program, [...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  if (child.pid === undefined) throw new Error(`${program} did not start`);
  return child as ChildProcess & { pid: number };
}

const runs = (pid: number): boolean => {
  try {
    // A zombie has ended; only its parent has not asked yet.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
};

async function ended(pid: number): Promise<boolean> {
  // They would go on for ten minutes.
  for (let tries = 0; tries < 2400 && runs(pid); tries++) await new Promise((done) => setTimeout(done, 25));
  return !runs(pid);
}

const owner = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, 'owner'), 'utf8')) as Record<string, unknown>;

/** Rewrites the owner record as that of a process that ended: the id lives, but it started at another time. */
function orphan(folder: string): void {
  writeFileSync(join(folder, 'owner'), JSON.stringify({ ...owner(folder), started: '1' }));
}

describe('createScratch', () => {
  it('makes a folder that only its user can read, with its parts', () => {
    const scratch = createScratch(base);
    expect(statSync(scratch.folder).mode & 0o777).toBe(0o700);
    for (const part of [scratch.tree, scratch.docker, scratch.dockerfiles, scratch.metadata, scratch.logs]) {
      expect(statSync(part).isDirectory()).toBe(true);
    }
    expect(owner(scratch.folder)).toEqual(identify(process.pid));
  });

  it('explains a base that can not be written', () => {
    const file = join(base, 'file');
    writeFileSync(file, '');
    expect(() => createScratch(file)).toThrow(EnvironmentError);
    expect(() => createScratch(file)).toThrow(/No private folder can be made in .*RUNNER_TEMP/);
  });

  it('is in RUNNER_TEMP where there is one', () => {
    expect(scratchBase({ RUNNER_TEMP: '/r' })).toBe('/r');
    expect(scratchBase({ RUNNER_TEMP: '' })).toBe(tmpdir());
    expect(scratchBase({})).toBe(tmpdir());
  });
});

describe('removeScratch', () => {
  it('removes everything, once and again', () => {
    const scratch = createScratch(base);
    mkdirSync(join(scratch.tree, 'a/b'), { recursive: true });
    writeFileSync(join(scratch.tree, 'a/b/c'), 'x', { mode: 0o400 });
    expect(removeScratch(scratch.folder)).toBe(true);
    expect(existsSync(scratch.folder)).toBe(false);
    expect(removeScratch(scratch.folder)).toBe(true);
  });

  it('does not follow a link out of the folder', () => {
    const scratch = createScratch(base);
    const outside = join(base, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'kept'), '');
    symlinkSync(outside, join(scratch.tree, 'link'));
    removeScratch(scratch.folder);
    expect(existsSync(join(outside, 'kept'))).toBe(true);
  });

  it('ends the process groups that were recorded, with all their members', async () => {
    const scratch = createScratch(base);
    const leader = start('sh', ['-c', 'sleep 600 & echo $!; wait']);
    recordGroup(scratch, leader.pid);
    const [line] = (await once(leader.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const member = Number(line.toString());
    removeScratch(scratch.folder);
    expect(await ended(leader.pid)).toBe(true);
    expect(await ended(member)).toBe(true);
  });

  it('ends members whose leader has gone only when their environment shows they are ours', async () => {
    const scratch = createScratch(base);
    const pids: number[] = [];
    for (const env of [{ DOCKER_CONFIG: scratch.docker }, { DOCKER_CONFIG: '/elsewhere' }] as const) {
      const leader = start('sh', ['-c', 'sleep 600 >/dev/null & echo $!'], env);
      recordGroup(scratch, leader.pid);
      const [line] = (await once(leader.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      pids.push(Number(line.toString()));
      if (leader.exitCode === null) await once(leader, 'exit');
    }
    const [ours, theirs] = pids as [number, number];
    removeScratch(scratch.folder);
    expect(await ended(ours)).toBe(true);
    expect(runs(theirs)).toBe(true);
    process.kill(theirs, 'SIGKILL');
  });

  it('never ends a process that only has the recorded number', () => {
    const scratch = createScratch(base);
    const stranger = start('sleep', ['600']);
    const identity = identify(stranger.pid);
    for (const other of [
      { ...identity, started: '1' },
      { ...identity, boot: 'another' },
      { ...identity, namespace: 'pid:[1]' },
      { ...identity, boot: '' },
      { ...identity, pid: 1 },
      { ...identity, pid: 0 },
      { ...identity, pid: -1 },
      { ...identity, pid: '7' },
    ]) {
      appendFileSync(join(scratch.folder, 'groups'), `${JSON.stringify(other)}\nnot json\nnull\n`);
    }
    removeScratch(scratch.folder);
    expect(runs(stranger.pid)).toBe(true);
  });
});

describe('removeStale', () => {
  it('leaves the folder of a run that goes on', () => {
    const scratch = createScratch(base);
    expect(removeStale(base)).toEqual([]);
    expect(existsSync(scratch.folder)).toBe(true);
  });

  it('removes what a killed run left, and ends its children', async () => {
    const program = join(base, 'run.ts');
    writeFileSync(
      program,
      `import { createScratch, recordGroup } from '${resolve('src/system/scratch')}';
       import { stream } from '${resolve('src/system/exec')}';
       const scratch = createScratch(${JSON.stringify(base)});
       void stream(
         { command: 'sh', args: ['-c', 'sleep 600 & wait'], env: { DOCKER_CONFIG: scratch.docker } },
         { onStart: (group) => { recordGroup(scratch, group); console.log(JSON.stringify({ group, folder: scratch.folder })); } },
       );`,
    );
    const run = start(process.execPath, ['script/ts.mjs', program]);
    const [line] = (await once(run.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const { group, folder } = JSON.parse(line.toString()) as { group: number; folder: string };
    expect(removeStale(base)).toEqual([]);
    run.kill('SIGKILL');
    await once(run, 'exit');
    expect(runs(group)).toBe(true);
    expect(removeStale(base)).toEqual([folder]);
    expect(await ended(group)).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  it('tells a reused process id from the owner', () => {
    const scratch = createScratch(base);
    orphan(scratch.folder);
    expect(removeStale(base)).toEqual([scratch.folder]);
  });

  it('leaves a folder whose owner lives in another pid namespace', () => {
    const scratch = createScratch(base);
    writeFileSync(join(scratch.folder, 'owner'), JSON.stringify({ ...owner(scratch.folder), namespace: 'pid:[1]' }));
    expect(removeStale(base)).toEqual([]);
  });

  it('leaves a folder without a record for an hour', () => {
    const scratch = createScratch(base);
    rmSync(join(scratch.folder, 'owner'));
    expect(removeStale(base)).toEqual([]);
    expect(removeStale(base, Date.now() + 2 * 3_600_000)).toEqual([scratch.folder]);
  });

  it('leaves links and folders of other names', () => {
    const elsewhere = join(base, 'elsewhere');
    mkdirSync(elsewhere);
    utimesSync(elsewhere, 0, 0);
    symlinkSync(elsewhere, join(base, 'kfp-images-abcdef'));
    mkdirSync(join(base, 'kfp-images-x'));
    expect(removeStale(base, Date.now() + 2 * 3_600_000)).toEqual([]);
    expect(existsSync(elsewhere)).toBe(true);
  });

  it('finds nothing in a folder that is not there', () => {
    expect(removeStale(join(base, 'absent'))).toEqual([]);
  });
});
