import { describe, expect, it } from 'vitest';
import { Secrets } from '../../src/report/secrets';
import { summary } from '../../src/report/summary';
import { report } from './samples';

const none = new Secrets();
const page = 'https://console.cloud.google.com/artifacts/docker/p/europe-west3/kfp/driver/sha256:1?project=p';

describe('what a registry says of an image', () => {
  it('links its digest to its page, and has a column for when it came', () => {
    const uploads = new Map([
      ['driver', { url: page, uploadedAt: Date.UTC(2026, 10, 23, 9, 7, 59) }],
      ['launcher', { url: `${page}2`, uploadedAt: undefined }],
    ]);
    const text = summary(report({ uploads }), none);
    expect(text).toContain(
      '| Image | Result | Digest | Size | Uploaded | Time | Why |\n| --- | --- | --- | ---: | --- | ---: | --- |',
    );
    expect(text).toContain(
      `| [\`sha256:111111111111\`](${page}) | 25.4&nbsp;MB | 2026-11-23&nbsp;09:07&nbsp;UTC | 24&nbsp;s |`,
    );
    expect(text).toContain(`| [\`sha256:222222222222\`](${page}2) |  |  |  |`);
    expect(text).toContain('| `apiserver` | 🔨&nbsp;built | `sha256:444444444444` | 180&nbsp;MB |  | 19&nbsp;s |');
  });

  it('has no such column where none tells', () => {
    const text = summary(report({ uploads: new Map([['driver', { url: page, uploadedAt: undefined }]]) }), none);
    expect(text).toContain('| Image | Result | Digest | Size | Time | Why |');
    expect(text).toContain(`](${page})`);
  });

  it.each([
    ['javascript:alert(1)', 1],
    ['https://x/)](https://evil', 1],
    [page, Number.NaN],
    [page, 1e300],
  ])('makes nothing of what can be no page or no time: %s, %d', (url, uploadedAt) => {
    const text = summary(report({ uploads: new Map([['driver', { url, uploadedAt }]]) }), none);
    expect(text).not.toMatch(/javascript|evil|NaN|Invalid/);
  });
});

describe('what scans found', () => {
  it('is reported by severity; nothing found and not ready are two things', () => {
    const scans = [
      { name: 'driver', findings: [['CRITICAL', 1] as const, ['LOW', 12] as const], url: page },
      { name: 'launcher', findings: [], url: undefined },
      { name: 'apiserver', findings: 'not-ready' as const, url: page },
    ];
    const text = summary(report({ scans }), none);
    expect(text).toContain('### Vulnerabilities');
    expect(text).toContain(`| \`driver\` | CRITICAL 1, LOW 12 ([details](${page})) |`);
    expect(text).toContain('| `launcher` | nothing found |');
    expect(text).toContain(`| \`apiserver\` | not scanned yet ([details](${page})) |`);
    expect(summary(report(), none)).not.toContain('Vulnerabilities');
  });
});
