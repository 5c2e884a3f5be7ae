/* Stand-ins for what Kubeflow Pipelines stores: only what is read of it, at the places where 2.4.1 and 2.17.0 have it. */

/** Images that a run is compiled with. */
export interface CompiledWith {
  readonly driver: string;
  readonly launcher: string;
}

/** A compiled Workflow. */
export function compiledWorkflow({ driver, launcher }: CompiledWith): { readonly spec: object } {
  const executor = { name: 'main', image: 'gcr.io/ml-pipeline/should-be-overridden-during-runtime' };
  return {
    spec: {
      entrypoint: 'entrypoint',
      templates: [
        { name: 'system-container-driver', container: { name: 'main', image: driver, command: ['driver'] } },
        { name: 'system-container-executor', dag: {} },
        {
          name: 'system-container-impl',
          container: executor,
          initContainers: [{ name: 'kfp-launcher', image: launcher, command: ['launcher-v2'] }],
        },
        { name: 'system-importer', container: { name: 'main', image: launcher } },
        { name: 'system-dag-driver', container: { name: 'main', image: driver } },
        { name: 'entrypoint', dag: {} },
      ],
    },
  };
}

/** A recurring run in the namespace `team`, as the cluster has it. */
export function scheduledWorkflow(
  name: string,
  { enabled = true, version = 'v', workflow }: { enabled?: boolean; version?: string; workflow: object | undefined },
): object {
  return {
    metadata: { name, namespace: 'team', uid: `id-of-${name}`, labels: {} },
    spec: {
      enabled,
      pipelineId: 'p',
      pipelineVersionId: version,
      pipelineName: '',
      ...(workflow === undefined ? {} : { workflow: { spec: JSON.stringify(workflow) } }),
    },
  };
}
