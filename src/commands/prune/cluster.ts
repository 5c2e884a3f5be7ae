import { EnvironmentError } from '../../errors';
import { mentionedIn, nothingInUse, unite, type InUse } from '../../publish/prune/rules';
import { capture } from '../../system/exec';
import { quoted } from '../../system/quoted';

/** What runs, what would be started, and what a rollback would start again. */
const kinds = 'pods,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs,configmaps';

/**
 * Where driver and launcher are: in Argo's templates (https://argo-workflows.readthedocs.io/en/latest/fields/), and in those that KFP
 * stores for recurring runs, also of an earlier set than the apiserver's (docs/deploying.md, "Runs that are there already").
 */
const workflows = [
  ...['workflows', 'workflowtemplates', 'cronworkflows', 'clusterworkflowtemplates'].map(
    (kind) => `${kind}.argoproj.io`,
  ),
  'scheduledworkflows.kubeflow.org',
];

/**
 * What the clusters of these kubectl contexts (empty: the current one) mention. EnvironmentError when one can't be read: what runs
 * there is then not known, and nothing may go. Workflows and recurring runs are read where there are such kinds.
 */
export async function clusterImages(
  contexts: readonly string[],
  registryPath: string,
  signal: AbortSignal,
): Promise<InUse> {
  const all: InUse[] = [];
  for (const context of contexts) {
    signal.throwIfAborted();
    all.push(mentionedIn(await read(context, kinds), registryPath));
    const more = await workflowKinds(context);
    if (more.length > 0) all.push(mentionedIn(await read(context, more.join(',')), registryPath));
  }
  return all.length === 0 ? nothingInUse : unite(all);
}

async function read(context: string, resources: string): Promise<string> {
  const args = [...at(context), 'get', resources, '--all-namespaces', '--output', 'json', '--request-timeout=120s'];
  const { exitCode, stdout, stderr } = await capture({ command: 'kubectl', args });
  if (exitCode === 0) return stdout.toString('utf8');
  throw new EnvironmentError(
    `What runs in the cluster ${context === '' ? 'of the current context' : quoted(context)} can't be read (${quoted(stderr.trim(), 300)}), so nothing is deleted. ` +
      'Fix the access, or leave out --keep-cluster.',
  );
}

/** Those that there are in this cluster. */
async function workflowKinds(context: string): Promise<readonly string[]> {
  const args = [...at(context), 'api-resources', '--output', 'name', '--request-timeout=60s'];
  const { exitCode, stdout, stderr } = await capture({ command: 'kubectl', args });
  if (exitCode !== 0) {
    throw new EnvironmentError(
      `The cluster's kinds can't be listed (${quoted(stderr.trim(), 300)}), so nothing is deleted.`,
    );
  }
  const there = stdout.toString('utf8').split('\n');
  return workflows.filter((kind) => there.includes(kind));
}

function at(context: string): readonly string[] {
  return context === '' ? [] : ['--context', context];
}
