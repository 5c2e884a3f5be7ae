import { describe, expect, test } from 'vitest';
import { explainPushFailure } from '../../../src/google/hints/explain';
import type { FailureKind } from '../../../src/google/hints/hint';
import { parseRegistryPath } from '../../../src/google/registryPath';

/* Registries that are rented have mends of their own: docs/registries.md, "Registries that are rented". */

const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

test.each<readonly [registryPath: string, text: string, kind: FailureKind, mend: string]>([
  [
    `${ecr}/kfp`,
    "name unknown: The repository with name 'kfp/driver' does not exist in the registry with id '123456789012'",
    'repository-missing',
    'aws ecr create-repository --region eu-west-1 --repository-name kfp/kfp-images-set',
  ],
  [
    `${ecr}/kfp`,
    'denied: Your authorization token has expired. Reauthenticate and try again.',
    'token-expired',
    `aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin ${ecr}`,
  ],
  [
    `${ecr}/kfp`,
    `${ecr} asks for a login (401), and there is none.`,
    'not-logged-in',
    'aws ecr get-login-password --region eu-west-1',
  ],
  [
    `${ecr}/kfp`,
    'denied: User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: ecr:InitiateLayerUpload on resource: y',
    'upload-denied',
    'AmazonEC2ContainerRegistryPowerUser',
  ],
  ['ghcr.io/me/kfp', 'denied: permission_denied: write_package', 'upload-denied', 'permissions: packages: write'],
  [
    'ghcr.io/me/kfp',
    'unexpected status from HEAD request to x: 403 Forbidden',
    'upload-denied',
    'Manage Actions access',
  ],
  [
    'docker.io/me',
    'push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    'upload-denied',
    'needs Read & Write',
  ],
  [
    'registry.gitlab.com/group/project',
    'denied: requested access to the resource is denied',
    'upload-denied',
    'write_registry',
  ],
  [
    'kfp.azurecr.io/images',
    'answered 405 (UNSUPPORTED: The operation is disallowed on this registry, repository or image.)',
    'tag-immutable',
    'az acr repository update --name kfp --repository images/IMAGE --write-enabled true',
  ],
  ['kfp.azurecr.io/images', 'unauthorized: authentication required', 'login-refused', 'az acr login --name kfp'],
  [
    'harbor.corp/kfp',
    'unauthorized: project kfp not found: project kfp not found',
    'repository-missing',
    'Create the project',
  ],
  [
    'harbor.corp/kfp',
    'unauthorized: unauthorized to access repository: kfp/driver',
    'login-refused',
    'docker login harbor.corp',
  ],
])('%s: %s', (registryPath, text, kind, mend) => {
  const hint = explainPushFailure(text, { path: parseRegistryPath(registryPath), account: undefined });
  expect(hint?.kind).toBe(kind);
  expect(hint?.fix.join('\n')).toContain(mend);
});

describe('Docker Hub', () => {
  test.each(['docker.io/me/kfp', 'docker.io/me/a/b'])('%s is deeper than its names are', (given) => {
    expect(parseRegistryPath(given).warning).toMatch(/two parts.*give docker\.io\/me\./);
  });
  test('a user’s or an organization’s name is right', () => {
    expect(parseRegistryPath('docker.io/me').warning).toBeUndefined();
  });
});
