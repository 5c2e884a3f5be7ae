/* Manifests as GitOps repositories have them. */

export const deployment = (env: readonly string[], image = 'ghcr.io/kubeflow/kfp-api-server:2.17.0'): string =>
  [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata: {name: ml-pipeline}',
    'spec:',
    '  selector: {matchLabels: {app: ml-pipeline}}',
    '  template:',
    '    metadata: {labels: {app: ml-pipeline}}',
    '    spec:',
    '      containers:',
    '      - name: ml-pipeline-api-server',
    `        image: ${image}`,
    ...(env.length === 0 ? [] : ['        env:', ...env.map((each) => `        - ${each}`)]),
    '',
  ].join('\n');
export const upstream = [
  '{name: V2_DRIVER_IMAGE, value: "ghcr.io/kubeflow/kfp-driver:2.17.0"}',
  '{name: V2_LAUNCHER_IMAGE, value: "ghcr.io/kubeflow/kfp-launcher:2.17.0"}',
];
export const base = {
  'base/kustomization.yaml': 'resources: [deployment.yaml]\n',
  'base/deployment.yaml': deployment(upstream),
};
export const patch = (values: readonly [string, string], indent: string): string =>
  [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata: {name: ml-pipeline}',
    'spec:',
    '  template:',
    '    spec:',
    '      containers:',
    '      - name: ml-pipeline-api-server',
    '        env:',
    `        - {name: V2_DRIVER_IMAGE, value: "${values[0]}"}`,
    `        - {name: V2_LAUNCHER_IMAGE, value: "${values[1]}"}`,
    '',
  ]
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n');
