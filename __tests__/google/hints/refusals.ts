import type { FailureKind } from '../../../src/google/hints/hint';
import type { Refusal } from '../../support/fakeGoogle/registryFront';

/** What the registry itself says, whoever asks, and what it is. */
export const refusals: readonly (readonly [FailureKind, Refusal])[] = [
  ['too-many-requests', { status: 429, code: 'TOOMANYREQUESTS', message: 'Quota exceeded' }],
  ['registry-unavailable', { status: 503, code: 'UNAVAILABLE', message: 'Service Unavailable' }],
  ['upload-lost', { status: 404, code: 'BLOB_UPLOAD_UNKNOWN', message: 'blob upload unknown to registry' }],
  [
    'api-disabled',
    {
      status: 403,
      code: 'DENIED',
      message: 'Artifact Registry API has not been used in project 123 before or it is disabled.',
    },
  ],
];
