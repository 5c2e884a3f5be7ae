import { stringify } from 'yaml';

/* The REST API of Kubeflow Pipelines: https://github.com/kubeflow/pipelines/tree/2.17.0/backend/api/v2beta1 */

/** Asks as a user would; throws for any refusal. */
export class KfpApi {
  private readonly url: () => string;

  constructor(url: () => string) {
    this.url = url;
  }

  /** Uploads a pipeline, and gives the ids of it and of its first version. */
  async upload(name: string): Promise<Pinned> {
    const { pipeline_id: pipeline } = await this.file<{ pipeline_id: string }>(`pipelines/upload?name=${name}`);
    const { pipeline_versions: versions } = await this.call<{
      pipeline_versions: readonly { pipeline_version_id: string }[];
    }>('GET', `pipelines/${pipeline}/versions`);
    return { pipeline, version: versions[0]?.pipeline_version_id ?? '' };
  }

  /** Gives its id. */
  async uploadVersion(pipeline: string, name: string): Promise<string> {
    const path = `pipelines/upload_version?name=${name}&pipelineid=${pipeline}`;
    return (await this.file<{ pipeline_version_id: string }>(path)).pipeline_version_id;
  }

  async deleteVersion({ pipeline, version }: Pinned): Promise<void> {
    await this.call('DELETE', `pipelines/${pipeline}/versions/${version}`);
  }

  /** Gives the run's id. */
  async run(name: string, pinned: Pinned): Promise<string> {
    const body = { display_name: name, pipeline_version_reference: referenceOf(pinned) };
    return (await this.call<{ run_id: string }>('POST', 'runs', body)).run_id;
  }

  /** Gives its id. It is never due while a test runs. */
  async recurring(name: string, pinned: Pinned, mode: 'ENABLE' | 'DISABLE' = 'ENABLE'): Promise<string> {
    const body = {
      display_name: name,
      pipeline_version_reference: referenceOf(pinned),
      mode,
      max_concurrency: '1',
      trigger: { cron_schedule: { cron: '0 0 0 1 1 *' } },
    };
    return (await this.call<{ recurring_run_id: string }>('POST', 'recurringruns', body)).recurring_run_id;
  }

  async deleteRecurring(id: string): Promise<void> {
    await this.call('DELETE', `recurringruns/${id}`);
  }

  async retry(run: string): Promise<void> {
    await this.call('POST', `runs/${run}:retry`);
  }

  /** What the persistence agent says when a Workflow has changed. */
  async report(workflow: object): Promise<void> {
    await this.call('POST', 'workflows', JSON.stringify(workflow));
  }

  private file<Answer>(path: string): Promise<Answer> {
    const form = new FormData();
    form.set('uploadfile', new Blob([stringify(pipelineSpec)]), 'pipeline.yaml');
    return this.send(path, { method: 'POST', body: form });
  }

  private call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.send(path, { method, headers: { 'content-type': 'application/json' }, ...sent });
  }

  private async send<Answer>(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.url()}/apis/v2beta1/${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${init.method ?? ''} ${path}: ${response.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Answer;
  }
}

/** A version of a pipeline; without one: whichever is newest. */
export interface Pinned {
  readonly pipeline: string;
  readonly version?: string | undefined;
}

function referenceOf({ pipeline, version }: Pinned): object {
  return { pipeline_id: pipeline, ...(version === undefined ? {} : { pipeline_version_id: version }) };
}

/** One container and one importer: https://github.com/kubeflow/pipelines/blob/2.17.0/api/v2alpha1/pipeline_spec.proto */
const pipelineSpec = {
  schemaVersion: '2.1.0',
  sdkVersion: 'kfp-2.0.0',
  pipelineInfo: { name: 'tested' },
  components: {
    'comp-step': { executorLabel: 'exec-step' },
    'comp-importer': {
      executorLabel: 'exec-importer',
      inputDefinitions: { parameters: { uri: { parameterType: 'STRING' } } },
      outputDefinitions: {
        artifacts: { artifact: { artifactType: { schemaTitle: 'system.Artifact', schemaVersion: '0.0.1' } } },
      },
    },
  },
  deploymentSpec: {
    executors: {
      'exec-step': { container: { image: 'busybox', command: ['true'] } },
      'exec-importer': {
        importer: {
          artifactUri: { constant: 'gs://nowhere/file' },
          typeSchema: { schemaTitle: 'system.Artifact', schemaVersion: '0.0.1' },
        },
      },
    },
  },
  root: {
    dag: {
      tasks: {
        step: { componentRef: { name: 'comp-step' }, taskInfo: { name: 'step' } },
        importer: {
          componentRef: { name: 'comp-importer' },
          taskInfo: { name: 'importer' },
          inputs: { parameters: { uri: { runtimeValue: { constant: 'gs://nowhere/file' } } } },
        },
      },
    },
  },
};
