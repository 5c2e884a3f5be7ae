import type { RunReport } from './runReport';
import type { Secrets } from './secrets';
import { summary, SUMMARY_LIMIT } from './summary';
import { appendTo, sizeOf } from './writing';

/**
 * Appends the summary to the file that GITHUB_STEP_SUMMARY names; together with what is there already it stays within GitHub's
 * limit, beyond which nothing of the step is shown. Throws EnvironmentError when the file can't be written.
 */
export async function writeSummary(path: string, report: RunReport, secrets: Secrets): Promise<void> {
  const room = SUMMARY_LIMIT - (await sizeOf(path));
  await appendTo('The job summary', path, summary(report, secrets, Math.max(0, room)));
}
