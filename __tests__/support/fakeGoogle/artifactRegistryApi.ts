import { serve, type Received, type Reply, type TestServer } from '../httpServer';
import { dockerImages, onImages, type Answer, type Call } from './artifactRegistryImages';
import { google, json } from './identity';
import type { StoredImages } from './storedImages';
import type { FakeRepository, FakeWorld } from './world';

/*
 * A FAKE of the Artifact Registry API over REST, after its public description (google/devtools/artifactregistry/v1/*.proto, as the package
 * @google-cloud/artifact-registry brings them in build/protos): repositories get, list, create; docker images get, list; testIamPermissions; packages, versions and
 * tags list; tags and versions delete; operations, which are done at once. What images there are is the real Distribution registry's.
 * Refusals are worded as Google's documentation and public reports word them. The same answers over gRPC: artifactRegistryGrpc.ts.
 */
export interface FakeArtifactRegistry {
  readonly server: TestServer;
  /** For `endpoint` of the options. */
  readonly endpoint: { readonly host: string; readonly port: number };
  /** Answers that are given instead, one for each of the next requests. */
  answerNext(...replies: readonly Reply[]): void;
  close(): Promise<void>;
}

export async function startFakeArtifactRegistry(
  world: FakeWorld,
  images?: StoredImages,
): Promise<FakeArtifactRegistry> {
  const planned: Reply[] = [];
  const server = await serve(async (request) => planned.shift() ?? (await answer(world, images, request)));
  const [host = '', port = ''] = server.host.split(':');
  return {
    server,
    endpoint: { host, port: Number(port) },
    answerNext: (...replies) => void planned.push(...replies),
    close: () => server.close(),
  };
}

/** What the API answers to a request, in whichever protocol that came: its path, headers and body are those of REST. */
export async function answer(world: FakeWorld, images: StoredImages | undefined, request: Received): Promise<Answer> {
  const account = world.accountOf((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  if (account === undefined) {
    return google(
      401,
      'UNAUTHENTICATED',
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
      'ACCESS_TOKEN_TYPE_UNSUPPORTED',
    );
  }
  if (!world.apiEnabled) {
    const { projectNumber: number } = world;
    const text = `Artifact Registry API has not been used in project ${number} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/artifactregistry.googleapis.com/overview?project=${number} then retry.`;
    return google(403, 'PERMISSION_DENIED', text, 'SERVICE_DISABLED', {
      consumer: `projects/${number}`,
      service: 'artifactregistry.googleapis.com',
    });
  }
  const [path = '', query = ''] = request.path.split('?');
  // A slash within a name comes encoded twice; https://github.com/googleapis/googleapis/blob/master/google/api/http.proto
  const parts = path
    .replace(/:(\w+)$/, '/:$1')
    .split('/')
    .slice(2)
    .map((part) => decodeURIComponent(part));
  const [, project = '', , location = '', kind = '', repository = '', ...rest] = parts;
  if (kind === 'operations') return json(200, { name: parts.join('/'), done: true });
  if (project !== world.project) {
    return google(
      403,
      'PERMISSION_DENIED',
      `Project '${project}' not found or permission denied.`,
      'CONSUMER_INVALID',
      { consumer: `projects/${project}` },
    );
  }
  if (!world.locations.includes(location))
    return google(400, 'INVALID_ARGUMENT', `Location ${location} is not found or access is unauthorized.`);
  const call = { world, images, account, request, location, query: new URLSearchParams(query) };
  if (repository === '') return collection(call);
  return onRepository(call, repository, rest);
}

function collection({ world, account, request, location, query }: Call): Answer {
  const parent = `projects/${world.project}/locations/${location}`;
  const right = request.method === 'GET' ? 'list' : 'create';
  if (!world.may(account, `artifactregistry.repositories.${right}`)) return denied(`repositories.${right}`, parent);
  if (request.method === 'GET') {
    const repositories = [...world.repositories]
      .filter(([name]) => name.startsWith(`${location}/`))
      .map(([name, about]) => resource(world, name, about));
    return json(200, { repositories });
  }
  const name = `${location}/${query.get('repositoryId') ?? ''}`;
  if (world.repositories.has(name)) return google(409, 'ALREADY_EXISTS', 'the repository already exists');
  const { format } = JSON.parse(request.body.toString()) as { readonly format: string | number };
  const made = world.add(name, { format: format === 1 ? 'DOCKER' : String(format) });
  const type = 'type.googleapis.com/google.devtools.artifactregistry.v1.Repository';
  const response = { '@type': type, ...resource(world, name, made) };
  return json(200, { name: `${parent}/operations/1`, done: true, response });
}

async function onRepository(call: Call, repository: string, rest: readonly string[]): Promise<Answer> {
  const { world, account, request, location } = call;
  const name = `${location}/${repository}`;
  const about = world.repositories.get(name);
  const path = `projects/${world.project}/locations/${location}/repositories/${repository}`;
  if (rest[0] === ':testIamPermissions') {
    const { permissions } = JSON.parse(request.body.toString()) as { readonly permissions: readonly string[] };
    if (!world.testsTagRights && permissions.some((right) => right.includes('.tags.'))) {
      return google(400, 'INVALID_ARGUMENT', 'Permission artifactregistry.tags.create is not valid for this resource.');
    }
    // An empty set for what is not there: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/testIamPermissions
    return json(
      200,
      about === undefined ? {} : { permissions: permissions.filter((right) => world.may(account, right)) },
    );
  }
  const right =
    rest.length === 0
      ? 'repositories.get'
      : request.method === 'DELETE'
        ? `${rest.length > 3 ? (rest[2] ?? '') : 'packages'}.delete`
        : 'versions.list';
  if (!world.may(account, `artifactregistry.${right}`)) return denied(right, path);
  if (about === undefined) return google(404, 'NOT_FOUND', 'Requested entity was not found.');
  if (rest.length === 0) return json(200, resource(world, name, about));
  if (rest[0] === 'dockerImages') return dockerImages(call, `${world.project}/${repository}`, path, rest[1]);
  return onImages(call, `${world.project}/${repository}`, path, rest);
}

function resource(world: FakeWorld, name: string, { format, mode, immutableTags, isScanning }: FakeRepository): object {
  const [location = '', repository = ''] = name.split('/');
  return {
    name: `projects/${world.project}/locations/${location}/repositories/${repository}`,
    format,
    mode,
    ...(format === 'DOCKER' ? { dockerConfig: { immutableTags } } : {}),
    vulnerabilityScanningConfig: { enablementState: isScanning ? 'SCANNING_ACTIVE' : 'SCANNING_DISABLED' },
    sizeBytes: '0',
    registryUri: `${location}-docker.pkg.dev/${world.project}/${repository}`,
  };
}

function denied(right: string, path: string): Answer {
  const text = `Permission 'artifactregistry.${right}' denied on resource '//artifactregistry.googleapis.com/${path}' (or it may not exist).`;
  return google(403, 'PERMISSION_DENIED', text, 'IAM_PERMISSION_DENIED');
}
