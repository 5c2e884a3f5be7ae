import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/builder/eventLog';
import { RawProgress } from '../../src/builder/rawProgress';
import type { BuildEvent } from '../../src/types';

const scratch = (): string => join(mkdtempSync(join(tmpdir(), 'kfp-images-event-log-')), 'log');

function written(events: readonly BuildEvent[]): string {
  const path = scratch();
  const log = new EventLog(path);
  for (const event of events) log.write(event);
  log.close();
  expect(log.trouble).toBeUndefined();
  return readFileSync(path, 'utf8');
}

const step = (id: string, state: 'running' | 'done' | 'cached' | 'failed', error?: string): BuildEvent => ({
  kind: 'step',
  id,
  name: `[builder ${id}/3] RUN x`,
  state,
  startedAt: 1000,
  endedAt: state === 'running' ? undefined : 3500,
  error,
});

describe('EventLog', () => {
  it('writes lines with the number of their step, like buildx', () => {
    const text = written([
      step('1', 'running'),
      { kind: 'log', id: '1', text: 'a\nb' },
      step('2', 'running'),
      { kind: 'log', id: '2', text: 'other\n' },
      { kind: 'log', id: '1', text: 'c\nd' },
      step('1', 'done'),
      step('2', 'failed', 'exit code: 3'),
      step('3', 'cached'),
      { kind: 'warning', text: 'Old', at: { file: 'Dockerfile', line: 3 } },
      { kind: 'log', id: '', text: 'ERROR: no\n' },
    ]);
    expect(text.split('\n')).toEqual([
      '#1 [builder 1/3] RUN x',
      '#1 a',
      '#2 [builder 2/3] RUN x',
      '#2 other',
      '#1 bc',
      '#1 d',
      '#1 DONE 2.5s',
      '#2 ERROR: exit code: 3',
      '#3 [builder 3/3] RUN x',
      '#3 CACHED',
      'WARNING: Dockerfile:3 Old',
      'ERROR: no',
      '',
    ]);
  });

  it('writes a recorded failure so that people can read it', () => {
    const raw = new RawProgress();
    const events = [...raw.push(readFileSync(join(__dirname, '../fixtures/rawjson/fail.ndjson'))), ...raw.end()];
    const text = written(events);
    expect(text).toContain('#1 [internal] load build definition from Dockerfile.fail\n');
    expect(text).toContain('#1 transferring dockerfile: 318 B done\n#1 DONE 0.0s\n');
    expect(text).toMatch(/^#\d+ \.\/main\.go:12: undefined: x$/m);
    expect(text).toContain('\n   2 | >>> RUN i=0;');
  });

  it('is readable by this user only', () => {
    const path = scratch();
    new EventLog(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('does not hold back a line that never ends', () => {
    const path = scratch();
    const log = new EventLog(path);
    for (let sent = 0; sent < 10; sent++) log.write({ kind: 'log', id: 'x', text: '.'.repeat(100_000) });
    expect(statSync(path).size).toBeGreaterThan(900_000);
    log.close();
  });

  it('goes on when the disk is full, and says so', () => {
    // Every write to /dev/full fails with ENOSPC.
    const log = new EventLog('/dev/full');
    log.write({ kind: 'log', id: '', text: 'x'.repeat(200_000) });
    log.write({ kind: 'log', id: '', text: 'y' });
    log.close();
    expect(log.trouble).toMatchObject({ code: 'ENOSPC' });
  });
});
