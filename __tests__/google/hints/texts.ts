import type { FailureKind } from '../../../src/google/hints/hint';

const where = 'projects/my-project/locations/europe-west3/repositories/kfp';
const tokenUrl =
  'https://europe-west3-docker.pkg.dev/v2/token?scope=repository%3Amy-project%2Fkfp%2Fdriver%3Apull%2Cpush';

/**
 * Failures in the words of who reports them: BuildKit, the registry by the distribution protocol, Google's API, google-auth-library, our
 * own registry client. Public reports: docker/build-push-action#171, #1194; moby/buildkit#5712, #5852; docker/buildx#1205, #3977;
 * google-github-actions/auth#50; docker/setup-buildx-action#155; and the pages named in src/google/hints.
 */
export const googleTexts: readonly (readonly [FailureKind, string])[] = [
  [
    'upload-denied',
    `ERROR: failed to push europe-west3-docker.pkg.dev/my-project/kfp/driver:latest: denied: Permission "artifactregistry.repositories.uploadArtifacts" denied on resource "${where}" (or it may not exist)`,
  ],
  [
    'upload-denied',
    `7 PERMISSION_DENIED: Permission 'artifactregistry.repositories.uploadArtifacts' denied on resource '//artifactregistry.googleapis.com/${where}' (or it may not exist).`,
  ],
  [
    'download-denied',
    `failed to authorize: denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "${where}" (or it may not exist)`,
  ],
  [
    'download-denied',
    `Permission 'artifactregistry.repositories.get' denied on resource '//artifactregistry.googleapis.com/${where}'`,
  ],
  ['tag-denied', `Permission "artifactregistry.tags.update" denied on resource "${where}" (or it may not exist)`],
  [
    'delete-denied',
    `Permission "artifactregistry.versions.delete" denied on resource "${where}" (or it may not exist)`,
  ],
  ['repository-missing', 'name unknown: Repository "kfp" not found'],
  ['upload-denied', 'failed to build: error parsing HTTP 403 response body: unexpected end of JSON input: ""'],
  ['login-refused', 'failed to build: error parsing HTTP 401 response body: unexpected end of JSON input: ""'],
  ['image-name-missing', 'failed to build: error parsing HTTP 400 response body: unexpected end of JSON input: ""'],
  [
    'repository-missing',
    'Reading europe-west3-docker.pkg.dev/my-project/kfp/driver:latest failed: answered 404 (NAME_UNKNOWN: Repository "kfp" not found).',
  ],
  ['repository-missing', '5 NOT_FOUND: Requested entity was not found.'],
  [
    'not-logged-in',
    `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to ${tokenUrl}: 403 Forbidden`,
  ],
  [
    'not-logged-in',
    `denied: Unauthenticated request. Unauthenticated requests do not have permission "artifactregistry.repositories.uploadArtifacts" on resource "${where}" (or it may not exist)`,
  ],
  ['not-logged-in', 'failed to resolve reference: no basic auth credentials'],
  [
    'token-expired',
    `failed to authorize: failed to fetch oauth token: unexpected status from POST request to ${tokenUrl}: 401 Unauthorized`,
  ],
  ['login-refused', 'unauthorized: authentication failed'],
  [
    'login-refused',
    '16 UNAUTHENTICATED: Request had invalid authentication credentials. Expected OAuth 2 access token',
  ],
  ['key-unreadable', 'unauthorized: Unable to parse json key.'],
  ['key-unreadable', 'error:1E08010C:DECODER routines::unsupported'],
  ['key-unreadable', 'Bad control character in string literal in JSON at position 164'],
  ['key-unreadable', 'Unexpected token \'e\', "eyJ0eXBlIj"... is not valid JSON'],
  ['key-unreadable', 'Unexpected end of JSON input'],
  ['key-refused', 'invalid_grant: Invalid JWT Signature.'],
  ['key-refused', 'invalid_grant: Invalid grant: account not found'],
  [
    'credentials-file-missing',
    "ENOENT: no such file or directory, open '/home/runner/work/pipelines/pipelines/gha-creds-0123456789abcdef.json'",
  ],
  ['tag-immutable', 'manifest invalid: cannot update tag latest. The repository has enabled tag immutability'],
  ['tag-immutable', '9 FAILED_PRECONDITION: The repository has enabled tag immutability'],
  [
    'too-many-requests',
    'unexpected status from PUT request to https://europe-west3-docker.pkg.dev/v2/x/manifests/latest: 429 Too Many Requests',
  ],
  ['too-many-requests', '8 RESOURCE_EXHAUSTED: Quota exceeded for quota metric'],
  [
    'registry-unavailable',
    'unexpected status from HEAD request to https://europe-west3-docker.pkg.dev/v2/x: 503 Service Unavailable',
  ],
  ['registry-unavailable', 'unexpected status: 502 Bad Gateway'],
  ['registry-unavailable', 'failed to do request: Put "https://x": context deadline exceeded'],
  [
    'registry-unavailable',
    `failed to fetch oauth token: unexpected status from GET request to ${tokenUrl}: 404 Not Found`,
  ],
  [
    'plain-http',
    'failed to do request: Head "https://registry.corp:5000/v2/": http: server gave HTTP response to HTTPS client',
  ],
  [
    'unknown-authority',
    'Get "https://registry.corp/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ],
  ['upload-lost', 'blob upload unknown: blob upload unknown to registry'],
  ['upload-lost', 'unknown: BLOB_UPLOAD_INVALID'],
  [
    'api-disabled',
    '7 PERMISSION_DENIED: Artifact Registry API has not been used in project 123456 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/artifactregistry.googleapis.com/overview?project=123456 then retry.',
  ],
  ['api-disabled', '{"error":{"code":403,"details":[{"reason":"SERVICE_DISABLED"}]}}'],
  ['billing-disabled', 'This API method requires billing to be enabled. Please enable billing on project #123456'],
  ['vpc-service-controls', "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: abc"],
  ['project-missing', "Project 'my-projct' not found or deleted"],
  ['project-missing', 'CONSUMER_INVALID'],
  ['impersonation-denied', "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."],
  ['location-unknown', 'Location us-central-1 is not found or access is unauthorized.'],
  [
    'image-name-missing',
    'name invalid: Missing image name. Pushes should be of the form docker push HOST-NAME/PROJECT-ID/REPOSITORY/IMAGE',
  ],
  [
    'image-name-missing',
    'unexpected status from POST request to https://europe-west3-docker.pkg.dev/v2/a/b/blobs/uploads/: 400 Bad Request',
  ],
  [
    'upload-denied',
    'unexpected status from HEAD request to https://europe-west3-docker.pkg.dev/v2/a/b/manifests/x: 403 Forbidden',
  ],
];

/** The same for a registry that is not Google's. */
export const otherTexts: readonly (readonly [FailureKind, string])[] = [
  [
    'not-logged-in',
    'failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 401 Unauthorized',
  ],
  ['not-logged-in', 'ghcr.io asks for a login (401), and there is none.'],
  ['login-refused', 'unauthorized: authentication required'],
  ['upload-denied', 'denied: permission_denied: write_package'],
  [
    'tag-immutable',
    "ImageTagAlreadyExists: The image tag 'x' already exists and cannot be overwritten because the repository is immutable",
  ],
  ['repository-missing', 'name unknown: The repository with name x does not exist'],
  ['too-many-requests', 'toomanyrequests: You have reached your pull rate limit'],
  ['repository-kind', 'denied: can not push artifact to a proxy project: cache'],
  ['repository-missing', 'unauthorized: project kfp not found: project kfp not found'],
  [
    'storage-full',
    'DENIED: adding 3.4 MiB of storage resource, which when updated to current usage of 4.0 MiB will exceed the configured upper limit of 5.0 MiB.',
  ],
  ['storage-full', 'denied: Quota has been exceeded on namespace'],
  [
    'tag-immutable',
    'answered 405 (UNSUPPORTED: The operation is disallowed on this registry, repository or image. View troubleshooting steps at https://aka.ms/acr/faq/)',
  ],
  ['tag-denied', 'answered 403 Forbidden (MANIFEST_INVALID: manifest invalid: HTTP 403 Forbidden)'],
  ['registry-unavailable', '500 Internal Server Error'],
];
