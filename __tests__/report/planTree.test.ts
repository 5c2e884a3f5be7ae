import { describe, expect, it } from 'vitest';
import { compactPlanJson, planDocument } from '../../src/report/planJson';
import { noPaint, paintFor } from '../../src/report/paint';
import { planTree } from '../../src/report/planTree';
import { kfpPlan, plan, planned } from './samples';

describe('planTree', () => {
  it('shows what is built or reused, why, what it binds and what changed', () => {
    expect(planTree(kfpPlan, noPaint)).toEqual([
      'Plan for commit 0123456789ab, asked for: apiserver',
      '',
      'apiserver    build  content changed (requested)',
      '│            binds   V2_DRIVER_IMAGE=driver, V2_LAUNCHER_IMAGE=launcher',
      '│            changed a.go, b.go, c.go and 2 more',
      '│            note    COPY . . is an input as a whole',
      '├─ driver    build  content changed (bound by apiserver)',
      '│            changed backend/src/v2/driver/driver.go',
      '└─ launcher  reuse  nothing changed (bound by apiserver)',
      '',
      '3 images: 2 to build, 1 to reuse',
    ]);
  });

  it('says what it is for where there is no commit yet', () => {
    expect(planTree(kfpPlan, noPaint, 'the commit to come')[0]).toBe(
      'Plan for the commit to come, asked for: apiserver',
    );
  });

  it('differs from the coloured one only in colours', () => {
    const coloured = planTree(kfpPlan, paintFor({ isTTY: true }, {})).join('\n');
    expect(coloured).toContain('\u001b[');
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(planTree(kfpPlan, noPaint).join('\n'));
  });

  it('says everything about an image once, though two bind it', () => {
    const lines = planTree(
      plan([
        planned('base', { changed: ['x'] }),
        planned('one', { binds: { A: 'base' } }),
        planned('two', { binds: { A: 'base', B: 'base' } }),
      ]),
      noPaint,
    );
    expect(lines.slice(2, -2)).toEqual([
      'one      build  content changed (requested)',
      '│        binds   A=base',
      '└─ base  build  content changed (requested)',
      '         changed x',
      'two      build  content changed (requested)',
      '│        binds   A=base, B=base',
      '└─ base  see above',
    ]);
  });

  it('shows a chain of bound images', () => {
    const lines = planTree(
      plan([planned('a'), planned('b', { binds: { A: 'a' } }), planned('c', { binds: { B: 'b' } })]),
      noPaint,
    );
    expect(lines.filter((line) => line.includes('─'))).toEqual([
      '└─ b     build  content changed (requested)',
      '   └─ a  build  content changed (requested)',
    ]);
  });

  it('says when there is nothing', () => {
    expect(planTree(plan([], { keywords: [] }), noPaint)).toEqual([
      'Plan for commit 0123456789ab',
      'No image is asked for.',
    ]);
  });

  it('lets no foreign text break a line or command the terminal', () => {
    const nasty = '\u001b[2J\n::error::x\u202e';
    const lines = planTree(
      plan(
        [
          planned(nasty, {
            reason: nasty,
            changed: [nasty],
            notes: [nasty],
            binds: { [nasty]: 'x' },
            neededBy: [nasty],
          }),
        ],
        {
          keywords: [nasty],
          commit: nasty,
        },
      ),
      noPaint,
    );
    expect(lines.filter((line) => /[\u001b\n\u202e]/.test(line))).toEqual([]);
  });
});

describe('planDocument', () => {
  it("has the contract's fields in their order, and more beside them", () => {
    const parsed: unknown = JSON.parse(JSON.stringify(planDocument(kfpPlan)));
    expect(parsed).toMatchObject({ version: 1, commit: kfpPlan.commit, keywords: ['apiserver'], order: kfpPlan.order });
    expect(Object.keys(parsed as typeof kfpPlan)).toEqual([
      ...['version', 'commit', 'keywords', 'images', 'order', 'warnings'],
    ]);
    expect(Object.keys((parsed as typeof kfpPlan).images[0] ?? {})).toEqual([
      'name',
      'requested',
      'neededBy',
      'key',
      'action',
      'reason',
      'changed',
      'binds',
      'dockerfile',
      'notes',
    ]);
  });

  it('in short is one line with as many paths as asked for', () => {
    const text = compactPlanJson(kfpPlan, 2);
    expect(text).not.toContain('\n');
    expect((JSON.parse(text) as typeof kfpPlan).images.map((image) => image.changed.length)).toEqual([1, 0, 2]);
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['version', 'commit', 'keywords', 'images', 'order']);
  });
});
