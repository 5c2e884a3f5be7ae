import { clip, markdownCode, markdownText } from './escape';
import type { ScanResult } from './runReport';

/** Rows beyond this number are left out. */
const MOST_ROWS = 400;

/** What scanners found in the images, as a section; empty: nothing was scanned. */
export function scanTable(results: readonly ScanResult[]): string {
  if (results.length === 0) return '';
  const rows = results.slice(0, MOST_ROWS).map(({ name, findings, url }) => {
    const link = isPlainLink(url) ? ` ([details](${url}))` : '';
    return `| ${markdownCode(clip(name, 100))} | ${wordsOf(findings)}${link} |`;
  });
  return ['### Vulnerabilities', ['| Image | Findings |', '| --- | --- |', ...rows].join('\n')].join('\n\n');
}

function wordsOf(findings: ScanResult['findings']): string {
  if (findings === 'not-ready') return 'not scanned yet';
  const counts = findings.map(([severity, count]) => `${markdownText(clip(severity, 40))} ${String(count)}`);
  return counts.length === 0 ? 'nothing found' : counts.join(', ');
}

/** Can this be between the brackets of a Markdown link as it is? */
export function isPlainLink(url: string | undefined): url is `https://${string}` {
  return url !== undefined && /^https:\/\/[\w./?=&%:@~#-]+$/.test(url);
}
