import * as v from 'valibot';
import { message } from '../errors';
import { isForbidden, refusal, type Kubectl } from './kubectl';
import { readObject } from './objects';

/*
 * What Kubeflow Pipelines keeps of runs that are still to come, in objects of the cluster: recurring runs and failed runs.
 * https://github.com/kubeflow/pipelines/blob/2.17.0/backend/src/crd/pkg/apis/scheduledworkflow/v1beta1/types.go
 */

const text = v.optional(v.string(), '');
const metadata = v.object({
  name: text,
  namespace: text,
  uid: text,
  labels: v.optional(v.record(v.string(), v.string()), {}),
});

const scheduledWorkflow = v.object({
  metadata,
  spec: v.optional(
    v.object({
      enabled: v.optional(v.boolean(), false),
      pipelineId: text,
      pipelineVersionId: text,
      pipelineName: text,
      // `{}` where only the pipeline is named (2.17.0): compiled when it fires.
      workflow: v.nullish(v.object({ spec: v.optional(v.unknown()) })),
    }),
    {},
  ),
});

const workflow = v.object({ metadata, spec: v.optional(v.unknown()) });

const list = v.object({ items: v.array(v.unknown()) });

export type ScheduledWorkflow = Readonly<v.InferOutput<typeof scheduledWorkflow>>;
export type Workflow = Readonly<v.InferOutput<typeof workflow>>;

/** Recurring runs and failed runs, and a note for each kind that could not be looked at (everywhere). */
export interface StoredRuns {
  readonly recurring: readonly ScheduledWorkflow[];
  readonly failed: readonly Workflow[];
  readonly notes: readonly string[];
}

/** Reads both, of all namespaces where that is allowed, else of KFP's own. Never throws: what can't be seen is a note. */
export async function readStoredRuns(kubectl: Kubectl, signal?: AbortSignal): Promise<StoredRuns> {
  const [recurring, failed] = await Promise.all([
    readAll(kubectl, scheduledWorkflow, recurringRuns, signal),
    readAll(kubectl, workflow, failedRuns, signal),
  ]);
  return { recurring: recurring.items, failed: failed.items, notes: [...recurring.notes, ...failed.notes] };
}

interface Kind {
  readonly people: string;
  readonly resource: string;
  readonly selector: readonly string[];
}

const recurringRuns: Kind = { people: 'recurring runs', resource: 'scheduledworkflows.kubeflow.org', selector: [] };
/** Argo's labels: https://github.com/argoproj/argo-workflows/blob/v3.7.3/workflow/common/common.go */
const failedRuns: Kind = {
  people: 'failed runs',
  resource: 'workflows.argoproj.io',
  selector: ['--selector=workflows.argoproj.io/phase in (Failed,Error),pipeline/runid'],
};

async function readAll<Item>(
  kubectl: Kubectl,
  schema: v.GenericSchema<unknown, Item>,
  { people, resource, selector }: Kind,
  signal: AbortSignal | undefined,
): Promise<{ readonly items: readonly Item[]; readonly notes: readonly string[] }> {
  const get = (where: readonly string[]) =>
    kubectl({
      args: ['get', resource, ...where, ...selector, '--output=json'],
      ...(signal === undefined ? {} : { signal }),
    });
  const unseen = (why: string): { items: readonly Item[]; notes: readonly string[] } => ({
    items: [],
    notes: [`Whether ${people} keep other images could not be looked at: ${why}`],
  });
  try {
    const everywhere = await get(['--all-namespaces']);
    const answer = isForbidden(everywhere) ? await get([]) : everywhere;
    if (/doesn't have a resource type|could not find the requested resource/.test(answer.stderr))
      return { items: [], notes: [] };
    if (isForbidden(answer)) return unseen(`the user of this context may not list ${resource}.`);
    if (answer.exitCode !== 0) return unseen(refusal(`list ${resource}`, answer).message);
    const all = readObject(list, answer.stdout, people).items.map((item) => v.safeParse(schema, item));
    const items = all.flatMap((each) => (each.success ? [each.output] : []));
    const odd = all.length - items.length;
    const unread = odd === 0 ? [] : [`${odd} of the ${people} can't be read, and are left out.`];
    const part = isForbidden(everywhere)
      ? [`Of ${people} only those of this namespace could be looked at: the user may not list ${resource} of all.`]
      : [];
    return { items, notes: [...part, ...unread] };
  } catch (thrown) {
    return unseen(message(thrown));
  }
}
