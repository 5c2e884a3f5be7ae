import { availableParallelism } from 'node:os';
import { readInputs } from '../event/inputs';
import { planDocument } from '../report/planJson';
import { finalLines } from '../report/finalLines';
import { maskSecrets } from '../report/log';
import { run, type RunEnd } from '../run';
import { explain, type Flags } from './commandLine';
import { flagValues } from './flags';
import { localEvent } from './localEvent';
import { outputsOf } from './results';
import { terminalSession } from './session';

/** `kfp-images build`: the Action's job on this machine. Gives the exit status. */
export async function buildCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  try {
    const inputs = readInputs(flagValues(flags, session.env), { cpus: availableParallelism() });
    maskSecrets(session.log, [inputs.githubToken, inputs.credentialsJson]);
    const event = await localEvent(inputs, session);
    const ended = await run({ inputs, event }, { ...session, onScratch: () => undefined });
    if (flags['json'] === true) process.stdout.write(document(ended));
    for (const line of finalLines(ended.report, session.paint)) session.printer.print(line);
    return ended.error === undefined ? 0 : explain(ended.error);
  } finally {
    session.close();
  }
}

/** The outputs of the Action under the same names, and how it ended. */
function document(ended: RunEnd): string {
  const { keywords, plan, images, built, reused, lockFile } = outputsOf(ended);
  const { result } = ended.report;
  return `${JSON.stringify(
    {
      result: result.kind,
      ...('reason' in result ? { reason: result.reason } : {}),
      keywords,
      plan: plan === undefined ? null : planDocument(plan),
      images: Object.fromEntries(images),
      built,
      reused,
      'lock-file': lockFile ?? null,
    },
    undefined,
    2,
  )}\n`;
}
