import { describe, expect, it } from 'vitest';
import { gantt } from '../../src/report/gantt';
import { bindGraph } from '../../src/report/mermaid';
import { timeline } from '../../src/report/timeline';
import type { BuildOutcome } from '../../src/types';
import { at, digest, failedOutcome, kfpOutcomes, kfpPlan, plan, planned, timing } from './samples';

const binds = (name: string): readonly string[] => (name === 'apiserver' ? ['driver', 'launcher'] : []);
const built = (name: string, ...times: Parameters<typeof timing>): BuildOutcome => ({
  kind: 'built',
  name,
  digest: digest('1'),
  timing: timing(...times),
});

describe('timeline', () => {
  it('splits the time of an image that waits for what it binds', () => {
    const { images, total, longest, criticalPath } = timeline(kfpOutcomes, binds);
    expect(images.find((image) => image.name === 'apiserver')?.spans).toEqual([
      { phase: 'queue', from: at(0), to: at(0.3) },
      { phase: 'build', from: at(0.3), to: at(16) },
      { phase: 'push', from: at(16), to: at(19) },
      { phase: 'wait', from: at(19), to: at(24) },
      { phase: 'bind', from: at(24), to: at(26) },
    ]);
    expect([total, longest?.name, longest?.work]).toEqual([26_000, 'driver', 23_800]);
    expect(criticalPath).toEqual(['driver', 'apiserver']);
  });

  it.each([
    ['nothing to wait for', [built('driver', 0, 0, 5, 6), built('apiserver', 0, 0, 10, 12, 13)], ['apiserver']],
    [
      'another image is last',
      [built('driver', 0, 0, 5, 6), built('viewer', 0, 0, 50, 60), built('apiserver', 0, 0, 4, 5, 7)],
      ['viewer'],
    ],
    ['one image', [built('viewer', 0, 0, 50)], ['viewer']],
    ['nothing', [], []],
  ])('critical path: %s', (_, outcomes, expected) => {
    expect(timeline(outcomes, binds).criticalPath).toEqual(expected);
  });

  it('survives clocks that step back, and images that were never started', () => {
    const { images, total } = timeline(
      [built('a', 10, 5, 3), { kind: 'cancelled', name: 'b' }, built('c', 10, 11, 9)],
      binds,
    );
    expect(images.map((image) => image.spans.map((span) => span.phase))).toEqual([[], ['queue']]);
    expect(total).toBe(1_000);
  });

  it('ends where images bind each other in a circle', () => {
    const circle = (name: string): readonly string[] => [name === 'a' ? 'b' : 'a'];
    const outcomes = [built('a', 0, 0, 1, 2, 9), built('b', 0, 0, 1, 3, 8)];
    expect(timeline(outcomes, circle).criticalPath).toContain('a');
  });
});

describe('gantt', () => {
  it('draws each phase from the first moment on', () => {
    expect(
      gantt(timeline([built('driver', 0, 1, 20.5, 24), { ...failedOutcome, timing: timing(0, 2, 16) }], binds)),
    ).toBe(
      [
        '%%{init: {"gantt": {"leftPadding": 79}}}%%',
        'gantt',
        '    title Minutes and seconds since the start',
        '    dateFormat YYYY-MM-DD HH:mm:ss.SSS',
        '    axisFormat %M:%S',
        '    section driver',
        '    queue 1.0 s :done, 2000-01-01 00:00:00.000, 2000-01-01 00:00:01.000',
        '    build 20 s :2000-01-01 00:00:01.000, 2000-01-01 00:00:20.500',
        '    push 3.5 s :2000-01-01 00:00:20.500, 2000-01-01 00:00:24.000',
        '    section apiserver',
        '    queue 2.0 s :done, 2000-01-01 00:00:00.000, 2000-01-01 00:00:02.000',
        '    build 14 s, failed :crit, 2000-01-01 00:00:02.000, 2000-01-01 00:00:16.000',
      ].join('\n'),
    );
  });

  it('tells work that nobody waited for apart, and leaves out what is too short for a bar', () => {
    const drawn = gantt(timeline([built('driver', 0, 0.01, 3, 4), built('apiserver', 0, 0.2, 8, 9)], binds)) ?? '';
    expect(drawn.split('\n').slice(2)).toEqual([
      '    title Seconds since the start',
      '    dateFormat YYYY-MM-DD HH:mm:ss.SSS',
      '    axisFormat %-S.%L',
      '    section driver',
      '    build 3.0 s :active, 2000-01-01 00:00:00.010, 2000-01-01 00:00:03.000',
      '    push 1.0 s :active, 2000-01-01 00:00:03.000, 2000-01-01 00:00:04.000',
      '    section apiserver',
      '    queue 0.2 s :done, 2000-01-01 00:00:00.000, 2000-01-01 00:00:00.200',
      '    build 7.8 s :2000-01-01 00:00:00.200, 2000-01-01 00:00:08.000',
      '    push 1.0 s :2000-01-01 00:00:08.000, 2000-01-01 00:00:09.000',
    ]);
  });

  it('shows as critical what an image did after it had to wait, not before', () => {
    const lines = (gantt(timeline(kfpOutcomes, binds)) ?? '').split('section apiserver\n')[1];
    expect(lines?.split('\n').map((line) => line.replace(/2000.*/, '').trim())).toEqual([
      'queue 0.3 s :done,',
      'build 16 s :active,',
      'push 3.0 s :active,',
      'wait 5.0 s :done,',
      'bind 2.0 s :',
    ]);
  });

  it('stays below what Mermaid draws, with the images that took most', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      built(`image-${'x'.repeat(50)}-${String(index)}`, 0, 1, 1 + index, 2 + index, 3 + index),
    );
    const drawn = gantt(timeline(many, () => [])) ?? '';
    expect(drawn.length).toBeLessThan(50_000);
    expect(drawn.match(/section/g)).toHaveLength(60);
    expect(drawn).toContain('-499');
  });

  it('draws nothing of nothing', () => {
    expect(gantt(timeline([], binds))).toBeUndefined();
  });
});

describe('bindGraph', () => {
  it('has a node with state and digest per image that binds or is bound, and an arrow with the variables', () => {
    const drawn =
      bindGraph(
        plan([planned('viewer'), ...kfpPlan.images]),
        [...kfpOutcomes.slice(0, 2), failedOutcome],
        new Map([['driver', digest('1')]]),
      ) ?? '';
    expect(drawn.split('\n').slice(0, 6)).toEqual([
      'flowchart LR',
      '    i0["driver<br/>built<br/>sha256#58;111111111111"]:::built',
      '    i1["launcher<br/>reused"]:::reused',
      '    i2["apiserver<br/>failed"]:::failed',
      '    i0 -- "V2_DRIVER_IMAGE" --> i2',
      '    i1 -- "V2_LAUNCHER_IMAGE" --> i2',
    ]);
  });

  it('draws nothing where nothing is bound, or too much for Mermaid', () => {
    expect(bindGraph(plan([planned('a')]), [], new Map())).toBeUndefined();
    const many = Array.from({ length: 400 }, (_, index) => planned(String(index), { binds: { A: '0' } }));
    expect(bindGraph(plan(many), [], new Map())).toBeUndefined();
  });
});
