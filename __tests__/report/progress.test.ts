import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GroupProgress } from '../../src/report/groupProgress';
import { LiveProgress } from '../../src/report/liveProgress';
import { LiveScreen } from '../../src/report/liveScreen';
import { githubLog } from '../../src/report/log';
import { noPaint } from '../../src/report/paint';
import { PlainProgress } from '../../src/report/plainProgress';
import { LinePrinter } from '../../src/report/printer';
import { Secrets } from '../../src/report/secrets';
import type { BuildEvent, BuildObserver, BuildOutcome } from '../../src/types';
import { at, digest, failedOutcome, timing } from './samples';
import { Screen, Sink } from './sinks';

const sources = { dockerfiles: new Map([['apiserver', 'backend/Dockerfile']]), directory: '.' };

function secrets(): Secrets {
  const known = new Secrets();
  known.add('hunter22-and-more');
  return known;
}

function logFile(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'kfp-images-progress-')), 'log');
  writeFileSync(path, text);
  return path;
}

const built = (name: string): BuildOutcome => ({ kind: 'built', name, digest: digest('1'), timing: timing(0, 1, 13) });

const step = (name: string, state: 'running' | 'done' | 'cached', seconds: number): BuildEvent => ({
  kind: 'step',
  id: name,
  name,
  state,
  startedAt: at(seconds),
  endedAt: state === 'running' ? undefined : at(seconds + 1),
  error: undefined,
});

/** A clock that stands still until it is set. */
class Clock {
  seconds = 0;
  readonly now = (): number => at(this.seconds);
}

function groups(options: { heartbeatMs?: number; now?: () => number } = {}): { sink: Sink; progress: GroupProgress } {
  const sink = new Sink();
  const printer = new LinePrinter(sink);
  const known = secrets();
  const log = githubLog({ printer, secrets: known });
  return { sink, progress: new GroupProgress({ printer, log, secrets: known, sources, ...options }) };
}

describe('GroupProgress', () => {
  it("shows each image's whole log in a group, in the order in which they get done, never interleaved", async () => {
    const { sink, progress } = groups();
    const lines = (name: string): string =>
      Array.from({ length: 5_000 }, (_, index) => `${name} line ${String(index)}\n`).join('');
    for (const name of ['driver', 'launcher']) progress.started(name);
    const first = progress.finished({ ...built('launcher'), logFile: logFile(lines('launcher')) });
    const second = progress.finished({ ...built('driver'), logFile: logFile(lines('driver')) });
    await Promise.all([first, second]);
    await progress.close();
    await sink.until('driver line 4999\n::endgroup::\n');
    expect(sink.text).toBe(
      ['launcher', 'driver']
        .map((name) => `::group::${name}: built in 12 s, 2 of 6 steps cached\n${lines(name)}::endgroup::\n`)
        .join(''),
    );
  });

  it('obeys no command in a log, and shows no secret', async () => {
    const { sink, progress } = groups();
    await progress.finished({
      ...built('driver'),
      logFile: logFile('::endgroup::\n::error::x\n##[error]y\nhunter22-and-more\n\u001b[1mno end'),
    });
    await progress.close();
    await sink.until('no end\n::endgroup::');
    expect(sink.lines.slice(1, -1)).toEqual([': :endgroup::', ': :error::x', '## [error]y', '***', 'no end']);
  });

  it('ends a failed image with its last lines outside the group and an annotation at the line of its Dockerfile', async () => {
    const { sink, progress } = groups();
    progress.event('apiserver', { kind: 'warning', text: 'Old', at: { file: 'Dockerfile', line: 3 } });
    progress.event('apiserver', { kind: 'warning', text: 'Old', at: { file: 'Dockerfile', line: 3 } });
    await progress.finished({ ...failedOutcome, logFile: logFile('the log\n') });
    await progress.close();
    await sink.until('::error');
    expect(sink.lines.slice(0, 6)).toEqual([
      '::warning file=backend/Dockerfile,line=3::apiserver: Old',
      '::group::apiserver: failed at backend/Dockerfile:12',
      'the log',
      '::endgroup::',
      'apiserver: failed in [builder 5/7] RUN go build -o /bin/apiserver ./backend/src/apiserver',
      '  ./main.go:6:2: undefined: x',
    ]);
    expect(sink.lines.slice(-6)).toEqual([
      'apiserver: the Dockerfile at backend/Dockerfile:12',
      '    11 |     COPY . .',
      '    12 | >>> RUN go build -o /bin/apiserver ./backend/src/apiserver',
      '    13 |     ',
      `apiserver: ${failedOutcome.message}`,
      `::error file=backend/Dockerfile,line=12::Image apiserver could not be built: ${failedOutcome.message}`,
    ]);
  });

  it('says what runs and for how long', async () => {
    const clock = new Clock();
    const { sink, progress } = groups({ heartbeatMs: 5, now: clock.now });
    for (const name of ['driver', 'launcher', 'viewer']) progress.queued(name);
    progress.started('driver');
    progress.started('launcher');
    progress.event('driver', step('[builder 3/5] RUN curl -u hunter22-and-more', 'running', 10));
    clock.seconds = 75;
    await sink.until('1 min 15 s');
    await progress.close();
    expect(sink.lines.at(-1)).toBe(
      'Still building after 1 min 15 s: driver (1 min 15 s: [builder 3/5] RUN curl -u ***), launcher (1 min 15 s); 1 waiting, 0 of 3 done',
    );
  });

  it('shows what has no log on one line', async () => {
    const { sink, progress } = groups();
    await progress.finished({ kind: 'blocked', name: 'apiserver', by: ['driver'] });
    await progress.finished({ kind: 'cancelled', name: 'viewer' });
    await progress.finished({ kind: 'reused', name: 'launcher', digest: digest('2'), timing: timing(0) });
    await progress.close();
    await sink.until('launcher');
    expect(sink.lines).toEqual([
      'apiserver: not built, because driver failed',
      'viewer: cancelled',
      'launcher: reused, the registry has it already',
    ]);
  });

  it('says so when a log is gone, and closes the group', async () => {
    const { sink, progress } = groups();
    await progress.finished({ ...built('driver'), logFile: '/nonexistent/log' });
    await progress.close();
    await sink.until('::endgroup::');
    expect(sink.lines[1]).toMatch(/^The log of driver can't be read: ENOENT/);
  });
});

describe('PlainProgress', () => {
  it('says when an image begins and how it ends', async () => {
    const sink = new Sink();
    const progress = new PlainProgress({ printer: new LinePrinter(sink), secrets: secrets(), sources });
    progress.queued('driver');
    progress.started('driver');
    progress.event('driver', step('[builder 2/2] RUN x', 'running', 1));
    progress.finished(built('driver'));
    progress.finished({ ...failedOutcome, tail: ['hunter22-and-more \u001b[1mx'], excerpt: [] });
    await progress.close();
    await sink.until('exit code');
    expect(sink.lines).toEqual([
      'driver: started',
      'driver: built in 12 s, 2 of 6 steps cached',
      'apiserver: failed at backend/Dockerfile:12',
      'apiserver: failed in [builder 5/7] RUN go build -o /bin/apiserver ./backend/src/apiserver',
      '  *** x',
      `apiserver: ${failedOutcome.message}`,
    ]);
  });
});

describe('LiveProgress', () => {
  function live(
    columns: number,
    rows: number,
  ): { screen: Screen; clock: Clock; progress: LiveProgress; print: (line: string) => void } {
    const screen = new Screen(columns, rows);
    const clock = new Clock();
    const lines = new LiveScreen(screen);
    const progress = new LiveProgress({ screen: lines, secrets: secrets(), sources, paint: noPaint, now: clock.now });
    return { screen, clock, progress, print: (line) => lines.print(line) };
  }

  function work(progress: BuildObserver, clock: Clock): void {
    for (const name of ['driver', 'apiserver', '画像']) progress.queued(name);
    progress.started('driver');
    progress.event('driver', step('[internal] load build definition', 'running', 0));
    progress.event('driver', step('[builder 2/3] RUN go mod download hunter22-and-more', 'cached', 0));
    progress.event('driver', step('[builder 3/3] RUN go build ./a/very/long/path/that/does/not/fit', 'running', 1));
    clock.seconds = 5;
  }

  it('shows a line per image and one with the total', async () => {
    const { screen, clock, progress } = live(80, 24);
    work(progress, clock);
    progress.draw();
    expect(screen.text.split('\n')).toEqual([
      '▸ driver          5.0 s  [builder 3/3] RUN go bu…  4.0 s  1 step done, 1 cached',
      '· apiserver       5.0 s  waiting',
      '· 画像            5.0 s  waiting',
      '  0 of 3 images done, 1 building, 2 waiting  5.0 s',
    ]);
    await progress.close();
  });

  it('does not say that an image starts when its steps are done', async () => {
    const { screen, clock, progress } = live(80, 24);
    progress.queued('driver');
    progress.started('driver');
    progress.draw();
    expect(screen.text).toContain('▸ driver       0.0 s  starting\n');
    progress.event('driver', step('[1/1] RUN true', 'done', 0));
    clock.seconds = 2;
    progress.draw();
    expect(screen.text).toContain('▸ driver       2.0 s  working  1 step done\n');
    await progress.close();
  });

  it('prints above the live lines, and leaves the final state', async () => {
    const { screen, clock, progress, print } = live(80, 24);
    work(progress, clock);
    progress.draw();
    print('said meanwhile');
    progress.draw();
    progress.finished(built('driver'));
    progress.finished({ ...failedOutcome, tail: [], excerpt: [] });
    progress.finished({ kind: 'blocked', name: '画像', by: ['apiserver'] });
    await progress.close();
    print('after');
    expect(screen.text.split('\n')).toEqual([
      'said meanwhile',
      'apiserver: failed in [builder 5/7] RUN go build -o /bin/apiserver ./backend/src/apiserver',
      `apiserver: ${failedOutcome.message}`,
      '✔ driver     built in 12 s, 2 of 6 steps cached',
      '✖ apiserver  failed at backend/Dockerfile:12',
      '- 画像       not built, because apiserver failed',
      '  3 of 3 images done, 1 failed  5.0 s',
      'after',
    ]);
  });

  it('leaves nothing behind when the terminal gets narrower or wider', async () => {
    const { screen, clock, progress } = live(100, 30);
    work(progress, clock);
    progress.draw();
    for (const columns of [40, 17, 60, 25, 100]) {
      screen.resize(columns);
      const lines = screen.text.split('\n');
      expect(lines).toHaveLength(4);
      expect(lines[0]).toMatch(/^▸ dr/);
      expect(lines[3]).toMatch(/^ {2}0 of 3 im/);
    }
    await progress.close();
  });

  it('shows those that run where not all fit, and all at the end', async () => {
    const { screen, progress } = live(80, 6);
    for (let index = 0; index < 20; index++) progress.queued(`image${String(index)}`);
    progress.started('image15');
    progress.draw();
    expect(screen.text.split('\n').map((line) => line.trim().replace(/ {2,}.*/, ''))).toEqual([
      '· image0',
      '· image1',
      '▸ image15',
      'and 17 more images',
      '0 of 20 images done, 1 building, 19 waiting',
    ]);
    await progress.close();
    expect(screen.text.split('\n')).toHaveLength(21);
  });
});
