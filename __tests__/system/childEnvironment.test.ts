import { expect, it } from 'vitest';
import { childEnvironment, githubCacheVariables } from '../../src/system/childEnvironment';

const own = {
  PATH: '/bin',
  GITHUB_SHA: 'a',
  'INPUT_CREDENTIALS-JSON': 'key',
  INPUT_IMAGES: 'driver',
  STATE_scratch: '/tmp/x',
  GITHUB_TOKEN: 'token',
  GH_TOKEN: 'token',
  GCP_SA_KEY: 'key',
  COSIGN_PRIVATE_KEY: 'key',
  COSIGN_PASSWORD: 'password',
  ACTIONS_RUNTIME_TOKEN: 'token',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'token',
  ACTIONS_RESULTS_URL: 'url',
};

it('of a child has no input, no token and no key', () => {
  expect(childEnvironment({}, own)).toEqual({ PATH: '/bin', GITHUB_SHA: 'a' });
});

it('has what its work needs, and no more', () => {
  expect(childEnvironment({ needs: githubCacheVariables, unset: ['PATH'], env: { LC_ALL: 'C' } }, own)).toEqual({
    GITHUB_SHA: 'a',
    ACTIONS_RUNTIME_TOKEN: 'token',
    ACTIONS_RESULTS_URL: 'url',
    LC_ALL: 'C',
  });
});
