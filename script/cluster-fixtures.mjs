// Makes __tests__/fixtures/deploy/kfp-*.json: what the tests need of the Deployments of Kubeflow Pipelines, in a form of our own.
// Usage: node script/cluster-fixtures.mjs CLONE   (a clone of https://github.com/kubeflow/pipelines with its tags)
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';

const clone = process.argv[2];
if (clone === undefined) throw new Error('Usage: node script/cluster-fixtures.mjs CLONE');
const git = (...args) => execFileSync('git', ['-C', clone, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });

const base = 'manifests/kustomize/base';
const files = [
  'pipeline/ml-pipeline-apiserver-deployment.yaml',
  'pipeline/ml-pipeline-persistenceagent-deployment.yaml',
  'pipeline/ml-pipeline-scheduledworkflow-deployment.yaml',
  'pipeline/ml-pipeline-viewer-crd-deployment.yaml',
  'pipeline/ml-pipeline-visualization-deployment.yaml',
  'pipeline/metadata-writer/metadata-writer-deployment.yaml',
  'cache/cache-deployment.yaml',
  'installs/multi-user/pipelines-profile-controller/deployment.yaml',
];
const script = `${base}/installs/multi-user/pipelines-profile-controller/sync.py`;

/** The base files say `:dummy`; kustomization.yaml beside them gives the tag. */
function tags(rev) {
  const paths = git('ls-tree', '-r', '--name-only', rev, base)
    .split('\n')
    .filter((path) => path.endsWith('/kustomization.yaml'));
  return new Map(
    paths.flatMap((path) =>
      (parse(git('show', `${rev}:${path}`)).images ?? []).map(({ name, newTag }) => [name, newTag]),
    ),
  );
}

const variable = ({ name, value, valueFrom }) =>
  valueFrom === undefined ? { name, value: String(value ?? '') } : { name, valueFrom };

function container({ name, image, imagePullPolicy, env }, newTags) {
  const repository = image.replace(/:[^/:]*$/, '');
  const tag = newTags.get(repository);
  return {
    name,
    image: tag === undefined ? image : `${repository}:${tag}`,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    ...(env === undefined ? {} : { env: env.map(variable) }),
  };
}

function deployment(rev, file, newTags) {
  const { metadata, spec } = parse(git('show', `${rev}:${base}/${file}`));
  const pod = spec.template.spec;
  return {
    name: metadata.name,
    ...(pod.serviceAccountName === undefined ? {} : { serviceAccountName: pod.serviceAccountName }),
    ...(pod.initContainers === undefined
      ? {}
      : { initContainers: pod.initContainers.map(({ name, image }) => ({ name, image })) }),
    containers: pod.containers.map((each) => container(each, newTags)),
  };
}

for (const [version, rev] of [
  ['2.3.0', '2.3.0'],
  ['2.5.0', '2.5.0'],
  ['2.14.4', '2.14.4'],
  ['head', 'HEAD'],
]) {
  const newTags = tags(rev);
  const fixture = {
    source: {
      repository: 'https://github.com/kubeflow/pipelines',
      version,
      commit: git('rev-parse', `${rev}^{commit}`).trim(),
      folder: base,
      files,
    },
    deployments: files.map((file) => deployment(rev, file, newTags)),
    // Environment variables that the profile controller's script reads, as far as they name images.
    profileControllerReads: [...new Set(git('show', `${rev}:${script}`).match(/[A-Z_]+_(?:IMAGE|TAG)\b/g))].sort(),
  };
  const path = `__tests__/fixtures/deploy/kfp-${version}.json`;
  writeFileSync(path, await format(JSON.stringify(fixture), { ...(await resolveConfig(path)), filepath: path }));
}
