import type { Renewal } from './renewal';
import type { FailedRun, RecurringRun } from './staleRuns';
import { placeFlags } from './context';
import type { Place } from './kubectl';

/** What would still run with other images, why, and the exact commands, for people; none: nothing would. */
export function staleLines(renewal: Renewal, place: Place): readonly string[] {
  const { deployment, recurring, failed, patch } = renewal;
  return [
    ...(recurring.length === 0
      ? []
      : [
          'Recurring runs that start with other images, each time, until the apiserver renews them:',
          ...firstLines(recurring.map((each) => recurringLine(each))),
          ...renewalLines(renewal, place),
        ]),
    ...(failed.length === 0
      ? []
      : [
          'Failed runs whose retry starts the images that they were compiled with. Start them again instead of retrying:',
          ...firstLines(failed.map((each) => failedLine(each))),
        ]),
    ...(patch === undefined
      ? []
      : [
          `COMPILED_PIPELINE_SPEC_PATCH of ${deployment} goes before V2_DRIVER_IMAGE and V2_LAUNCHER_IMAGE` +
            (patch.images.length === 0
              ? ` and names an image: ${patch.text}`
              : ` and names ${patch.images.join(', ')}`),
        ]),
  ];
}

/** As many as people read. */
const mostLines = 20;

function firstLines(lines: readonly string[]): readonly string[] {
  const more = lines.length - mostLines;
  return [
    ...lines.slice(0, mostLines).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more: \`kfp-images status --json\` has all`] : []),
  ];
}

/** Why the apiserver did not renew them, and what to do. */
function renewalLines({ deployment, reason, blocking, recurring, underWay }: Renewal, place: Place): readonly string[] {
  const restart = `  kubectl${placeFlags(place)} rollout restart deployment/${deployment}`;
  if (underWay)
    return [
      'The apiserver was still renewing them when --timeout was up; it goes on. To see what is left:',
      `  kfp-images status${placeFlags(place)}`,
    ];
  if (reason === '') {
    return [
      'KFP renews them when its apiserver starts: from 2.4.0 on those of its own namespace, from 2.16.0 on all; others are to be created ' +
        'again. This one has not said why it did not. To let it start again:',
      restart,
    ];
  }
  const deletes = firstLines(blocking.map(({ id }) => `kfp recurring delete ${id}`));
  return [
    `The apiserver stopped renewing: ${reason}`,
    ...(deletes.length === 0
      ? ['Delete or recreate the recurring run that this names, then let the apiserver start again:']
      : [
          `The pipeline version of ${namesOf(blocking)} is gone. ` +
            `Delete ${blocking.length === 1 ? 'it' : 'them'} (create them again from another version, if still needed), then let the apiserver ` +
            `start again, which renews ${recurring.length === 1 ? 'the rest' : `all ${recurring.length}`}:`,
          ...deletes,
        ]),
    restart,
  ];
}

/** The first few. */
function namesOf(runs: readonly RecurringRun[]): string {
  const names = runs.slice(0, 5).map(({ namespace, name }) => `${namespace}/${name}`);
  return `${names.join(', ')}${runs.length > names.length ? ` and ${runs.length - names.length} more` : ''}`;
}

function recurringLine({ namespace, name, enabled, pipeline, pipelineVersion, images }: RecurringRun): string {
  const of = pipeline === '' ? '' : `, pipeline ${pipeline}`;
  const version = pipelineVersion === '' ? '' : `, version ${pipelineVersion}`;
  return `${namespace}/${name} (${enabled ? 'enabled' : 'disabled'}${of}${version}): ${images.join(', ')}`;
}

function failedLine({ namespace, name, id, images }: FailedRun): string {
  return `${namespace}/${name}${id === '' ? '' : ` (run ${id})`}: ${images.join(', ')}`;
}
