import { appendTo, sizeOf } from './atomicFile';
import { boundedMarkdown, type Section } from './boundedMarkdown';
import { clip, markdownCode, markdownText } from './escape';
import { counted, duration, shortCommit } from './format';
import { gantt } from './gantt';
import { bindGraph } from './mermaid';
import type { RunReport } from './runReport';
import type { Secrets } from './secrets';
import { scanTable } from './summaryScans';
import { failures } from './summaryFailures';
import { digestOf, imageTable, pullCommands, summaryImages, type SummaryImage } from './summaryImages';
import { publicationSection } from './summaryPublication';
import { timeline } from './timeline';

/** GitHub takes summaries of up to 1 MiB per step: https://docs.github.com/actions/reference/workflow-commands-for-github-actions#step-isolation-and-limits */
export const SUMMARY_LIMIT = 1024 * 1024;

/** The job summary as Markdown, in at most `limit` bytes of UTF-8. All foreign text is escaped, no secret is in it. */
export function summary(complete: RunReport, secrets: Secrets, limit = SUMMARY_LIMIT): string {
  // Before anything is escaped or cut, because then a secret could not be recognised.
  const report = secrets.redactAll(complete);
  const images = summaryImages(report);
  const sections: readonly Section[] = [
    { title: 'heading', rank: 0, full: heading(report, images) },
    { title: 'failures', rank: 3, full: failures(images, true), brief: failures(images, false) },
    {
      title: 'table of images',
      rank: 2,
      full: images.length === 0 ? '' : imageTable(images),
      brief: imageTable(images, 50),
    },
    { title: 'graph', rank: 7, full: graph(report, images) },
    { title: 'pull commands', rank: 4, full: pullCommands(images) },
    {
      title: 'release set',
      rank: 1,
      full: report.publication === undefined ? '' : publicationSection(report.publication, report.attested),
    },
    { title: 'timeline', rank: 8, full: time(report, true), brief: time(report, false) },
    { title: 'scans', rank: 5, full: scanTable(report.scans) },
    { title: 'caches', rank: 9, full: caches(report) },
    { title: 'warnings', rank: 6, full: warnings(report, 200), brief: warnings(report, 5) },
  ];
  return boundedMarkdown(sections, limit);
}

function heading(report: RunReport, images: readonly SummaryImage[]): string {
  const { result, plan, branch } = report;
  const facts: string[] = [];
  if (plan !== undefined)
    facts.push(
      `Commit ${commitLink(report, plan.commit)}${branch === undefined ? '' : ` on ${markdownCode(clip(branch, 250))}`}`,
    );
  if (plan !== undefined && plan.keywords.length > 0) {
    facts.push(
      `asked for ${plan.keywords
        .slice(0, 20)
        .map((word) => markdownCode(clip(word, 100)))
        .join(', ')}`,
    );
  }
  facts.push(duration(report.endedAt - report.startedAt));
  const lines = [`## ${title(report, images)}`, facts.join(' · ')];
  if ('reason' in result) lines.push(markdownText(clip(result.reason, 2_000)));
  if (report.registryPath !== undefined) {
    const login = report.credentials === undefined ? '' : `, ${markdownText(clip(report.credentials, 300))}`;
    lines.push(`Registry ${markdownCode(clip(report.registryPath, 400))}${login}`);
  }
  if (report.registryPath !== undefined && report.pathIsSecret === true) lines.push(secretPath(report));
  if (report.lockFile !== undefined) lines.push(`Lock file ${markdownCode(clip(report.lockFile, 400))}`);
  return lines.join('\n\n');
}

/** https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/use-variables */
function secretPath({ repository }: RunReport): string {
  const where = repository === undefined ? '' : ` --repo ${repository.owner}/${repository.name}`;
  const command = markdownCode(clip(`gh variable set GCP_ARTIFACT_REGISTRY_PATH${where}`, 300));
  return (
    '> [!NOTE]\n> The registry path is a secret, so GitHub writes `***` in its place, here and in the logs. It need not be one: store it ' +
    `with ${command} and delete the secret of that name. The references in full: \`kfp-images set\`, or the artifact \`kfp-images-lock\` of this run.`
  );
}

function title({ result, publication }: RunReport, images: readonly SummaryImage[]): string {
  const count = (kind: string): number => images.filter(({ outcome }) => outcome?.kind === kind).length;
  const made = [
    count('built') > 0 ? `${String(count('built'))} built` : '',
    count('reused') > 0 ? `${String(count('reused'))} reused` : '',
  ].filter((part) => part !== '');
  const how = made.length === 0 ? '' : ` (${made.join(', ')})`;
  switch (result.kind) {
    case 'published':
      return `✅ ${counted(publication?.images.length ?? images.length, 'image')} published${how}`;
    case 'built':
      return `✅ ${counted(images.length, 'image')} done, nothing pushed${how}`;
    case 'shard':
      return `✅ Shard ${markdownText(clip(result.name, 200))}: ${counted(images.length, 'image')} pushed for the job that publishes${how}`;
    case 'planned':
      return `📋 Plan: ${counted(images.length, 'image')}`;
    case 'nothing':
      return '💤 Nothing to build';
    case 'failed':
      return count('failed') > 0 ? `❌ ${counted(count('failed'), 'image')} could not be built` : '❌ Failed';
    case 'interrupted':
      return '⚠️ Interrupted';
  }
}

/** A link only to what is surely a commit of a repository on that server. */
function commitLink({ repository }: RunReport, commit: string): string {
  const short = markdownCode(shortCommit(commit));
  if (repository === undefined || !/^[0-9a-f]{40}$/.test(commit)) return short;
  const { serverUrl, owner, name } = repository;
  const plain = /^https?:\/\/[\w.:-]+$/.test(serverUrl) && /^[\w.-]+$/.test(owner) && /^[\w.-]+$/.test(name);
  return plain ? `[${short}](${serverUrl}/${owner}/${name}/commit/${commit})` : short;
}

function graph(report: RunReport, images: readonly SummaryImage[]): string {
  if (report.plan === undefined) return '';
  const digests = new Map(
    images
      .map((image) => [image.name, digestOf(image)] as const)
      .filter((entry): entry is readonly [string, string] => entry[1] !== undefined),
  );
  const drawn = bindGraph(report.plan, report.outcomes, digests);
  return drawn === undefined ? '' : `### What binds what\n\n\`\`\`mermaid\n${drawn}\n\`\`\``;
}

function time(report: RunReport, chart: boolean): string {
  const binds = new Map(report.plan?.images.map((image) => [image.name, Object.values(image.binds)]));
  const lines = timeline(report.outcomes, (name) => binds.get(name) ?? []);
  const drawn = gantt(lines);
  if (drawn === undefined) return '';
  const facts: string[] = [`- All images: ${duration(lines.total)}`];
  if (lines.longest !== undefined && lines.longest.work > 0) {
    const ratio = (lines.total / lines.longest.work).toFixed(2);
    facts.push(
      `- Longest image: ${markdownCode(clip(lines.longest.name, 100))}, ${duration(lines.longest.work)}; this run / longest image: **${ratio}**`,
    );
  }
  if (lines.criticalPath.length > 0) {
    facts.push(`- Critical path: ${lines.criticalPath.map((name) => markdownCode(clip(name, 100))).join(' → ')}`);
  }
  if (lines.steps > 0) {
    const share = Math.round((100 * lines.cachedSteps) / lines.steps);
    facts.push(`- Cached steps: ${String(lines.cachedSteps)} of ${String(lines.steps)} (${String(share)} %)`);
  }
  const figure = chart ? [`\`\`\`mermaid\n${drawn}\n\`\`\``] : [];
  return ['### Where the time went', ...figure, facts.join('\n')].join('\n\n');
}

function caches({ caches: said = [] }: RunReport): string {
  if (said.length === 0) return '';
  return ['### Caches', said.map((text) => `- ${markdownText(clip(text, 500))}`).join('\n')].join('\n\n');
}

function warnings(report: RunReport, most: number): string {
  const all = [...(report.plan?.warnings ?? []), ...report.warnings];
  if (all.length === 0) return '';
  const more = all.length - most;
  const lines = all.slice(0, most).map((text) => `- ${markdownText(clip(text, 500))}`);
  return ['### Warnings', [...lines, ...(more > 0 ? [`- and ${String(more)} more`] : [])].join('\n')].join('\n\n');
}

/**
 * Appends the summary to the file that GITHUB_STEP_SUMMARY names; together with what is there already it stays within GitHub's
 * limit, beyond which nothing of the step is shown. Throws EnvironmentError when the file can't be written.
 */
export async function writeSummary(path: string, report: RunReport, secrets: Secrets): Promise<void> {
  const room = SUMMARY_LIMIT - (await sizeOf(path));
  await appendTo('The job summary', path, summary(report, secrets, Math.max(0, room)));
}
