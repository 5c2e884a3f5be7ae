import { actionInputs } from '../event/inputs';
import { isKeyReference } from '../google/kms/reference';
import { finalLines } from '../report/finalLines';
import { maskSecrets } from '../report/log';
import { planDocument } from '../report/planJson';
import { runJob } from '../run/job';
import type { RunEnd } from '../run/run';
import { defineCommand } from './command';
import { localEvent } from './localEvent';
import { outputsOf } from './results';

export const buildCommand = defineCommand({
  name: 'build',
  description: "Build the images and publish them as one set: the Action's job on this machine.",
  inputs: actionInputs.map(({ name }) => name),
  flags: {},
  examples: [
    'build --images driver,launcher --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY',
    'build --images all --registry-path localhost:5000/kfp --dry-run',
    'build --images apiserver --context workspace --push=false',
  ],
  async run({ inputs: readInputs, session }) {
    const inputs = readInputs();
    const password = session.env['COSIGN_PASSWORD'] ?? '';
    maskSecrets(session.log, [
      ...[inputs.githubToken, inputs.credentialsJson, isKeyReference(inputs.signKey) ? '' : inputs.signKey, password],
      ...inputs.secrets.values(),
    ]);
    const event = await localEvent(inputs, session);
    const ended = await runJob({ inputs, event }, session);
    for (const line of finalLines(ended.report, session.paint)) session.printer.print(line);
    return { document: documentOf(ended), error: ended.error };
  },
});

/** The outputs of the Action under the same names, and how it ended. */
function documentOf(ended: RunEnd): object {
  const { keywords, plan, images, built, reused, matrix, lockFile, attestations } = outputsOf(ended);
  const { result } = ended.report;
  return {
    result: result.kind,
    ...('reason' in result ? { reason: result.reason } : {}),
    keywords,
    plan: plan === undefined ? null : planDocument(plan),
    images: Object.fromEntries(images),
    built,
    reused,
    matrix: matrix === '' ? null : (JSON.parse(matrix) as object),
    'lock-file': lockFile ?? null,
    attestations: Object.fromEntries(attestations),
  };
}
