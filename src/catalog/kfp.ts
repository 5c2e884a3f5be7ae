import type { Catalog, CatalogImage, DeployTarget, Operator, OperatorImage } from '../types';

/*
 * The images of a Kubeflow Pipelines backend, as its repository has them in every backend release from 2.0.0 on
 * (https://github.com/kubeflow/pipelines): the Dockerfiles in backend/, the main packages from their `go build` lines, Deployments and
 * containers from manifests/kustomize/base. The repository's own names for images differ from place to place
 * (cache-server, kfp-cache-server, cacheserver); here each image has one.
 */

/**
 * Where `go build` and `go mod download` keep their work in the official golang images (GOPATH=/go, user root,
 * https://hub.docker.com/_/golang); no KFP builder stage sets HOME, USER, GOCACHE or GOPATH.
 */
const goCaches = ['/root/.cache/go-build', '/go/pkg/mod'];

/**
 * Up to 2.4.0 each Go Dockerfile compares the licences of what it linked with a list in the repository, by a script in the repository
 * (`go-licenses csv … && diff /tmp/licenses.csv backend/third_party_licenses/driver.csv`): files that decide whether the build passes,
 * though no import names them. Later releases have no such step; there these globs cost at most one build too many.
 */
const licenceGate = (list: string): readonly string[] => [
  'hack/install-go-licenses.sh',
  `backend/third_party_licenses/${list}.csv`,
];

const deployed = (deployment: string, container = deployment): DeployTarget => ({ deployment, container });

const image = (
  name: string,
  dockerfile: string,
  own: Partial<Omit<CatalogImage, 'name' | 'dockerfile'>>,
): CatalogImage => ({
  name,
  dockerfile,
  context: '.',
  repository: name,
  target: undefined,
  inputs: { kind: 'dockerfile' },
  cacheMounts: [],
  buildArgs: {},
  bind: {},
  deploy: undefined,
  ...own,
});

const goImage = (
  name: string,
  dockerfile: string,
  mainPackage: string,
  licences: string,
  own: Pick<Partial<CatalogImage>, 'buildArgs' | 'bind' | 'deploy'> = {},
): CatalogImage =>
  image(name, dockerfile, {
    inputs: { kind: 'go', mainPackage, paths: licenceGate(licences) },
    cacheMounts: goCaches,
    ...own,
  });

const images: readonly CatalogImage[] = [
  // No Deployments of their own: Argo starts them in the namespace of each run, under the names that the apiserver was given.
  goImage('driver', 'backend/Dockerfile.driver', './backend/src/v2/cmd/driver', 'driver'),
  goImage('launcher', 'backend/Dockerfile.launcher', './backend/src/v2/cmd/launcher-v2', 'launcher'),
  goImage('apiserver', 'backend/Dockerfile', './backend/src/apiserver', 'apiserver', {
    // Both are shown by /apis/v2beta1/healthz and in the UI (backend/src/apiserver/main.go); the commit also goes into the links of
    // the sample pipelines (backend/Dockerfile). Upstream's TAG_NAME is the tag an image is published under, and so is ours.
    buildArgs: { COMMIT_SHA: '{{sha}}', TAG_NAME: 'commit-{{sha}}' },
    // Read when a run is compiled: backend/src/v2/compiler/argocompiler/container.go, GetDriverImage and GetLauncherImage (from 2.0.5).
    bind: { V2_DRIVER_IMAGE: 'driver', V2_LAUNCHER_IMAGE: 'launcher' },
    deploy: deployed('ml-pipeline', 'ml-pipeline-api-server'),
  }),
  goImage('cacheserver', 'backend/Dockerfile.cacheserver', './backend/src/cache', 'cache_server', {
    deploy: deployed('cache-server', 'server'),
  }),
  goImage(
    'persistenceagent',
    'backend/Dockerfile.persistenceagent',
    './backend/src/agent/persistence',
    'persistence_agent',
    { deploy: deployed('ml-pipeline-persistenceagent') },
  ),
  goImage(
    'scheduledworkflow',
    'backend/Dockerfile.scheduledworkflow',
    './backend/src/crd/controller/scheduledworkflow',
    'swf',
    { deploy: deployed('ml-pipeline-scheduledworkflow') },
  ),
  goImage('viewercontroller', 'backend/Dockerfile.viewercontroller', './backend/src/crd/controller/viewer', 'viewer', {
    deploy: deployed('ml-pipeline-viewer-crd'),
  }),
  // Python; its Dockerfile copies backend/src/apiserver/visualization and nothing else, so what it copies is all that counts.
  image('visualization', 'backend/Dockerfile.visualization', { deploy: deployed('ml-pipeline-visualizationserver') }),
];

const part = (name: string, field: string, deploy: DeployTarget | undefined): OperatorImage => ({
  path: ['spec', name, field],
  unlessFalse: ['spec', name, 'deploy'],
  deploy,
});

/**
 * The operator of Open Data Hub and OpenShift AI (https://github.com/opendatahub-io/data-science-pipelines-operator). Fields:
 * api/v1/dspipeline_types.go; `argoDriverImage` and `argoLauncherImage` are there from 2.0.0 on, in v1alpha1 as in v1 (from 2.8.0). A field
 * that is not set means the image of the operator's own configuration (controllers/dspipeline_params.go). Deployments, containers and
 * service accounts: config/internal. It runs neither cache server, viewer controller nor visualization server.
 */
const openDataHub: Operator = {
  name: 'opendatahub',
  group: 'datasciencepipelinesapplications.opendatahub.io',
  version: undefined,
  kind: 'DataSciencePipelinesApplication',
  resource: undefined,
  runAccount: 'pipeline-runner-{{name}}',
  images: new Map([
    ['driver', part('apiServer', 'argoDriverImage', undefined)],
    ['launcher', part('apiServer', 'argoLauncherImage', undefined)],
    ['apiserver', part('apiServer', 'image', deployed('ds-pipeline-{{name}}', 'ds-pipeline-api-server'))],
    [
      'persistenceagent',
      part(
        'persistenceAgent',
        'image',
        deployed('ds-pipeline-persistenceagent-{{name}}', 'ds-pipeline-persistenceagent'),
      ),
    ],
    [
      'scheduledworkflow',
      part(
        'scheduledWorkflow',
        'image',
        deployed('ds-pipeline-scheduledworkflow-{{name}}', 'ds-pipeline-scheduledworkflow'),
      ),
    ],
  ]),
};

/** The built-in catalog: the eight backend images of Kubeflow Pipelines, the groups and the alias of the contract. */
export const kfpCatalog: Catalog = {
  source: undefined,
  images: new Map(images.map((each) => [each.name, each])),
  groups: new Map([
    ['driver-launcher', ['driver', 'launcher']],
    ['backend-all', images.map((each) => each.name)],
    ['controller', ['viewercontroller']],
  ]),
  operators: new Map([[openDataHub.name, openDataHub]]),
};
