import * as v from 'valibot';
import { message } from '../errors';
import { compiledImages, type RunImages } from './compiledImages';
import type { Kubectl } from './kubectl';
import { listPages, type Listed, type Listing } from './pages';

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

/** A recurring run as the cluster has it. */
export interface StoredRecurring {
  readonly namespace: string;
  readonly name: string;
  /** As KFP's own commands take it. */
  readonly id: string;
  readonly enabled: boolean;
  readonly pipeline: string;
  readonly pipelineVersion: string;
  /** What its stored Workflow names; none: nothing is stored, and it is compiled when it fires. */
  readonly compiled: RunImages;
}

/** A failed run as the cluster has it. */
export interface StoredFailed {
  readonly namespace: string;
  readonly name: string;
  readonly id: string;
  readonly compiled: RunImages;
}

/** Recurring runs and failed runs, and a note for each kind that could not be looked at (everywhere). */
export interface StoredRuns {
  readonly recurring: readonly StoredRecurring[];
  readonly failed: readonly StoredFailed[];
  readonly notes: readonly string[];
}

/** Where runs are: KFP's own namespace, and whether its apiserver has those of others too. */
interface RunPlace {
  readonly namespace: string;
  readonly multiUser: boolean;
}

/** Reads both; of all namespaces, where the apiserver has them all and that is allowed. Never throws: what can't be seen is a note. */
export async function readStoredRuns(kubectl: Kubectl, place: RunPlace, signal?: AbortSignal): Promise<StoredRuns> {
  const [recurring, failed] = await Promise.all([
    readAll(kubectl, recurringRuns, place, signal),
    readAll(kubectl, failedRuns, place, signal),
  ]);
  return { recurring: recurring.items, failed: failed.items, notes: [...recurring.notes, ...failed.notes] };
}

interface Kind<Item> {
  readonly people: string;
  readonly api: string;
  readonly resource: string;
  readonly labelSelector?: string;
  /** undefined: it is not as expected. */
  readonly read: (object: unknown) => Item | undefined;
}

const recurringRuns: Kind<StoredRecurring> = {
  people: 'recurring runs',
  api: '/apis/kubeflow.org/v1beta1',
  resource: 'scheduledworkflows',
  read: (object) => {
    const { success, output } = v.safeParse(scheduledWorkflow, object);
    if (!success) return undefined;
    const { namespace, name, uid } = output.metadata;
    const { enabled, pipelineId, pipelineName, pipelineVersionId } = output.spec;
    const pipeline = pipelineName === '' ? pipelineId : pipelineName;
    const compiled = compiledImages(output.spec.workflow?.spec);
    return { namespace, name, id: uid, enabled, pipeline, pipelineVersion: pipelineVersionId, compiled };
  },
};
/** Argo's labels: https://github.com/argoproj/argo-workflows/blob/v3.7.3/workflow/common/common.go */
const failedRuns: Kind<StoredFailed> = {
  people: 'failed runs',
  api: '/apis/argoproj.io/v1alpha1',
  resource: 'workflows',
  labelSelector: 'workflows.argoproj.io/phase in (Failed,Error),pipeline/runid',
  read: (object) => {
    const { success, output } = v.safeParse(workflow, object);
    if (!success) return undefined;
    const { namespace, name, labels } = output.metadata;
    return { namespace, name, id: labels['pipeline/runid'] ?? '', compiled: compiledImages(output) };
  },
};

async function readAll<Item>(
  kubectl: Kubectl,
  kind: Kind<Item>,
  { namespace, multiUser }: RunPlace,
  signal: AbortSignal | undefined,
): Promise<{ readonly items: readonly Item[]; readonly notes: readonly string[] }> {
  const { people, resource, api, labelSelector } = kind;
  const full = `${resource}.${api.split('/')[2] ?? ''}`;
  const list = (path: string): Promise<Listing<Item | undefined>> => {
    const listed: Listed = { path: `${api}${path}`, people: full, ...(labelSelector ? { labelSelector } : {}) };
    return listPages(kubectl, listed, kind.read, signal);
  };
  const unseen = (why: string): { items: readonly Item[]; notes: readonly string[] } => ({
    items: [],
    notes: [`Whether ${people} keep other images could not be looked at: ${why}`],
  });
  const own = `/namespaces/${encodeURIComponent(namespace)}/${resource}`;
  try {
    const wide = multiUser ? await list(`/${resource}`) : undefined;
    const listing = wide === undefined || wide.kind === 'forbidden' ? await list(own) : wide;
    if (listing.kind === 'absent') return { items: [], notes: [] };
    if (listing.kind === 'forbidden') return unseen(`the user of this context may not list ${full}.`);
    const items = listing.items.filter((each): each is Item & {} => each !== undefined);
    const odd = listing.items.length - items.length;
    const unread = odd === 0 ? [] : [`${odd} of the ${people} can't be read, and are left out.`];
    const part =
      wide?.kind === 'forbidden'
        ? [`Of ${people} only those of this namespace could be looked at: the user may not list ${full} of all.`]
        : [];
    return { items, notes: [...part, ...unread] };
  } catch (thrown) {
    return unseen(message(thrown));
  }
}
