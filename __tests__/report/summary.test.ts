import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secrets } from '../../src/report/secrets';
import { summary, SUMMARY_LIMIT } from '../../src/report/summary';
import type { BuildOutcome } from '../../src/types';
import { nastyText } from './nasty';
import {
  COMMIT,
  digest,
  failedOutcome,
  kfpOutcomes,
  plan,
  planned,
  publication,
  published,
  report,
  timing,
} from './samples';

const none = new Secrets();

describe('summary', () => {
  it('calls an image that others are built on needed, one that they only bind bound', () => {
    const images = [
      planned('os', { requested: false, neededBy: ['driver'] }),
      planned('driver', { requested: false, neededBy: ['apiserver'], builtOn: ['os'] }),
      planned('apiserver', { binds: { V2_DRIVER_IMAGE: 'driver' } }),
    ];
    const text = summary(report({ plan: plan(images) }), none);
    expect(text).toMatch(/^\| `os` .* needed by `driver` \|$/m);
    expect(text).toMatch(/^\| `driver` .* bound by `apiserver` \|$/m);
  });

  it('of a published set tells images, digests, bindings, pull commands and where the time went', () => {
    const text = summary(report(), none);
    expect(text).toContain('## ✅ 3 images published (2 built, 1 reused)\n');
    expect(text).toContain(
      `Commit [\`0123456789ab\`](https://github.com/octo-org/pipelines/commit/${COMMIT}) on \`main\` · asked for \`apiserver\` · 32 s`,
    );
    expect(text).toContain(
      '| `apiserver` | 🔨&nbsp;built | `sha256:444444444444` | 180&nbsp;MB | 19&nbsp;s | content changed: `a.go`, `b.go`, `c.go` and 2 more |',
    );
    expect(text).toContain(
      '| `launcher` | ♻️&nbsp;reused | `sha256:222222222222` |  |  | nothing changed, bound by `apiserver` |',
    );
    expect(text).toContain(`docker pull registry.example/p/r/apiserver@${digest('4')}\n`);
    expect(text).toContain('```mermaid\nflowchart LR\n');
    expect(text).toContain('\ngantt\n');
    expect(text).toContain('this run / longest image: **1.09**');
    expect(text).toContain('- Critical path: `driver` → `apiserver`');
    expect(text).toContain('- Cached steps: 6 of 18 (33 %)');
    expect(text).toContain('- `latest`: moved to this commit');
    expect(text).not.toContain('Shortened');
  });

  it('folds the pull commands, so that a page of 40 images stays one', () => {
    const text = summary(report(), none);
    expect(text).toMatch(
      /<details>\n<summary>Commands that pull the images by digest<\/summary>\n\n```bash\ndocker pull [^<]*```\n\n<\/details>/,
    );
  });

  it('says why there is *** where the registry path is a secret, and what to do', () => {
    expect(summary(report(), none)).not.toContain('is a secret');
    const text = summary(report({ pathIsSecret: true }), none);
    expect(text).toContain('The registry path is a secret, so GitHub writes `***` in its place');
    expect(text).toContain('`gh variable set GCP_ARTIFACT_REGISTRY_PATH --repo octo-org/pipelines`');
  });

  it('says what the caches gave', () => {
    expect(summary(report(), none)).not.toContain('### Caches');
    const text = summary(report({ caches: ['/go/pkg/mod starts from *here*'] }), none);
    expect(text).toContain('### Caches\n\n- /go/pkg/mod starts from &#42;here&#42;\n');
  });

  it('of a failure begins with what failed, where and why', () => {
    const outcomes: readonly BuildOutcome[] = [...kfpOutcomes.slice(0, 2), failedOutcome];
    const text = summary(
      report({ result: { kind: 'failed', reason: 'One image failed.' }, outcomes, publication: undefined }),
      none,
    );
    expect(text).toContain('## ❌ 1 image could not be built');
    expect(text).toContain(
      '**`apiserver`** in `[builder 5/7] RUN go build -o /bin/apiserver ./backend/src/apiserver` at `backend/Dockerfile:12`',
    );
    expect(text).toContain('  12 | >>> RUN go build');
    expect(text).toContain(
      '<details><summary>Last 40 lines of the step</summary>\n\n```\n./main.go:6:2: undefined: x\n',
    );
    expect(text.indexOf('### Failed')).toBeLessThan(text.indexOf('| Image |'));
    expect(text).not.toContain('docker pull');
  });

  it('of an interrupted run tells what is in the registry and what is not', () => {
    const text = summary(
      report({
        result: { kind: 'interrupted', reason: 'Stopped (SIGTERM).' },
        publication: publication(
          [
            published('driver', '1', { latest: { kind: 'restored', digest: undefined } }),
            published('apiserver', '2', { tags: [{ tag: 'commit-x', state: 'missing' }], latest: undefined }),
          ],
          {
            kind: 'stopped',
            notes: ['No set of this commit is published.'],
            latest: { kind: 'not-reached', commit: undefined, isForced: false },
          },
        ),
      }),
      none,
    );
    expect(text).toContain('## ⚠️ Interrupted');
    expect(text).toContain(`| \`driver\` | \`commit-${COMMIT}\` ✅ published | put back to what it was |`);
    expect(text).toContain('| `apiserver` | `commit-x` ❌ not published | not touched |');
    expect(text).toContain('- No set of this commit is published.');
    expect(text).toContain('docker pull registry.example/p/r/driver@');
    expect(text).not.toContain('docker pull registry.example/p/r/apiserver@');
  });

  it.each([
    ['nothing to do', { kind: 'nothing', reason: 'No keyword in the commit message.' }, '## 💤 Nothing to build'],
    ['a plan only', { kind: 'planned', reason: 'A dry run.' }, '## 📋 Plan: 3 images'],
    ['not pushed', { kind: 'built' }, '## ✅ 3 images done, nothing pushed'],
  ] as const)('of %s', (_, result, title) => {
    const text = summary(
      report({
        result,
        outcomes: [],
        publication: undefined,
        plan: result.kind === 'nothing' ? undefined : report().plan,
      }),
      none,
    );
    expect(text).toContain(title);
    if ('reason' in result) expect(text).toContain(result.reason);
  });

  it('holds no secret', () => {
    const secrets = new Secrets();
    secrets.add('p&ss|w<rd`#');
    const leak = 'curl -u p&ss|w<rd`#';
    const text = summary(
      report({
        result: { kind: 'failed', reason: leak },
        outcomes: [{ ...failedOutcome, message: leak, tail: [leak], step: leak }],
        warnings: [leak],
        credentials: leak,
      }),
      secrets,
    );
    expect(text.match(/\*\*\*|(?:&#42;){3}/g)?.length).toBeGreaterThanOrEqual(6);
    expect(text).not.toMatch(/p(?:&amp;|&#38;|&)ss/);
  });

  it('stays within the limit and says what it left out', () => {
    const images = Array.from({ length: 3_000 }, (_, index) =>
      planned(`image-${String(index)}`, {
        changed: ['x'.repeat(140), 'y'.repeat(140)],
        reason: 'z'.repeat(250),
        binds: {},
      }),
    );
    const outcomes = images.map(({ name }): BuildOutcome => ({
      ...failedOutcome,
      name,
      tail: Array.from({ length: 40 }, () => '<>&`'.repeat(200)),
    }));
    const huge = report({
      plan: plan(images),
      outcomes,
      warnings: Array.from({ length: 5_000 }, () => 'w'.repeat(2_000)),
    });
    const text = summary(huge, none);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(SUMMARY_LIMIT);
    expect(text).toMatch(/_Shortened to fit GitHub's limit for summaries: .*timeline.*\._\n$/);
    expect(text).toContain('### Failed');
  });

  it('counts the warnings that it leaves out', () => {
    const text = summary(
      report({ warnings: Array.from({ length: 203 }, (_, index) => `warning ${String(index)}`) }),
      none,
    );
    expect(text).toContain('- warning 199\n- and 3 more');
    expect(text).not.toContain('mores');
  });

  it('stays within any limit, with all code blocks closed', () => {
    const text = report({ outcomes: [...kfpOutcomes.slice(0, 2), failedOutcome] });
    for (let limit = 150; limit < 6_000; limit += 50) {
      const shown = summary(text, none, limit);
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(limit);
      expect((shown.match(/^`{3,}/gm) ?? []).length % 2).toBe(0);
    }
  });

  it('lets no foreign text become markup', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const image = planned(text, {
          reason: text,
          changed: [text],
          neededBy: [text],
          requested: false,
          binds: { [text]: text },
          dockerfile: text,
        });
        const shown = summary(
          report({
            result: { kind: 'interrupted', reason: text },
            plan: plan([image], { keywords: [text], warnings: [text], commit: text }),
            branch: text,
            repository: { owner: text, name: text, serverUrl: text, apiUrl: text },
            registryPath: text,
            credentials: text,
            lockFile: text,
            outcomes: [
              {
                ...failedOutcome,
                name: text,
                message: text,
                step: text,
                tail: [text],
                excerpt: [text],
                at: { file: text, line: 1 },
              },
              { kind: 'built', name: `${text}2`, digest: text, timing: timing(0, 1, 2) },
              { kind: 'blocked', name: `${text}3`, by: [text] },
            ],
            publication: publication(
              [published(text, '1', { repository: text, tags: [{ tag: text, state: 'published' }] })],
              { kind: 'failed', notes: [text], dropped: [text] },
            ),
            warnings: [text],
            // A plain https address would be a link: those are made here and come from nobody else.
            scans: [{ name: text, findings: [[text, 1]], url: `https://x)${text}` }],
            uploads: new Map([[text, { url: `https://x)${text}`, uploadedAt: 1 }]]),
          }),
          none,
        );
        // Outside blocks and code there is no HTML but ours, no link, no mention.
        const prose = shown.replace(/^(`{3,}).*\n[\s\S]*?\n\1$/gm, '').replace(/`[^`\n]*`/g, '');
        expect(prose.replace(/<\/?(?:code|details|summary|br)>/g, '')).not.toMatch(/[<>]|\]\(|@|[\u202e\u001b]/);
        expect(shown.match(/^#+ .*$/gm)?.length).toBeLessThan(12);
      }),
    );
  });
});
