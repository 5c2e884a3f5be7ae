import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainPushFailure } from '../../../src/google/hints/explain';
import { failureKinds, hintLines, troubleshootingLink } from '../../../src/google/hints/hint';
import { parseRegistryPath } from '../../../src/google/registryPath';
import { googleTexts, otherTexts } from './texts';

const account = 'builder@my-project.iam.gserviceaccount.com';
const google = { path: parseRegistryPath('europe-west3-docker.pkg.dev/my-project/kfp'), account };
const other = { path: parseRegistryPath('ghcr.io/me/images'), account: undefined };
const on = '--project=my-project --location=europe-west3';

describe('what a failed push means', () => {
  test.each(googleTexts)('%s: %s', (kind, text) => {
    expect(explainPushFailure(text, google)?.kind).toBe(kind);
    // Engines and runners wrap what the registry said.
    expect(
      explainPushFailure(`#12 exporting to image\n#12 ERROR: ${text}\n------\n > exporting to image:\n`, google)?.kind,
    ).toBe(kind);
  });

  test.each(otherTexts)('elsewhere, %s: %s', (kind, text) => {
    const hint = explainPushFailure(text, other);
    expect(hint?.kind).toBe(kind);
    expect(JSON.stringify(hint)).not.toMatch(/gcloud|google/i);
  });

  test.each(['', 'exit code: 1', 'go: module not found', 'no space left on device'])(
    'nothing is made up for %j',
    (text) => {
      expect(explainPushFailure(text, google)).toBeUndefined();
    },
  );

  test('every kind is met above', () => {
    const met = new Set([...googleTexts, ...otherTexts].map(([kind]) => kind));
    expect(failureKinds.filter((kind) => !met.has(kind))).toEqual([]);
  });
});

describe('the fix', () => {
  const fix = (text: string): readonly string[] => explainPushFailure(text, google)?.fix ?? [];
  const denied =
    'denied: Permission "artifactregistry.repositories.uploadArtifacts" denied on resource "x" (or it may not exist)';

  test('a missing role', () => {
    expect(fix(denied)).toEqual([
      `gcloud artifacts repositories describe kfp ${on}`,
      `gcloud artifacts repositories add-iam-policy-binding kfp ${on} --member=serviceAccount:${account} --role=roles/artifactregistry.writer`,
    ]);
  });

  test('the repository that the refusal names', () => {
    const text = denied.replace('"x"', '"projects/other/locations/us/repositories/r"');
    expect(fix(text)[0]).toBe('gcloud artifacts repositories describe r --project=other --location=us');
  });

  test('an account that may push, as the pre-flight heard: docker used another login', () => {
    const hint = explainPushFailure(denied, { ...google, mayUpload: true });
    expect(hint?.fix).toContain('gcloud auth configure-docker europe-west3-docker.pkg.dev');
    expect(hint?.cause).toMatch(/docker is using another login/);
  });

  test('a missing repository', () => {
    expect(fix('name unknown: Repository "kfp" not found')).toContain(
      `gcloud artifacts repositories create kfp ${on} --repository-format=docker`,
    );
  });

  test('a repository of the former Container Registry', () => {
    const path = parseRegistryPath('eu.gcr.io/my-project');
    expect(explainPushFailure('NAME_UNKNOWN', { path, account: undefined })?.fix).toEqual([
      'gcloud artifacts repositories create eu.gcr.io --project=my-project --location=europe --repository-format=docker',
      'gcloud projects add-iam-policy-binding my-project --member=serviceAccount:ACCOUNT --role=roles/artifactregistry.createOnPushWriter',
    ]);
  });

  test('immutable tags', () => {
    expect(fix('The repository has enabled tag immutability')).toContain(
      `gcloud artifacts repositories update kfp ${on} --no-immutable-tags`,
    );
  });

  test('the API that is disabled, of two', () => {
    expect(fix('SERVICE_DISABLED')).toEqual([
      'gcloud services enable artifactregistry.googleapis.com --project=my-project',
    ]);
    expect(fix('SERVICE_DISABLED iamcredentials.googleapis.com')).toEqual([
      'gcloud services enable iamcredentials.googleapis.com --project=my-project',
    ]);
  });

  test('impersonation', () => {
    expect(fix("Permission 'iam.serviceAccounts.getAccessToken' denied").join('\n')).toContain(
      `gcloud iam service-accounts add-iam-policy-binding ${account} --project=my-project --role=roles/iam.workloadIdentityUser`,
    );
  });

  test.each([
    ['a user', 'ada@example.org', 'user:ada@example.org'],
    ['a principal', 'principal://iam.googleapis.com/projects/1/x', '"principal://iam.googleapis.com/projects/1/x"'],
    ['something hostile', 'x@y.org; rm -rf ~', 'serviceAccount:ACCOUNT'],
    ['nobody known', undefined, 'serviceAccount:ACCOUNT'],
  ])('for %s', (_, who, member) => {
    expect(explainPushFailure(denied, { ...google, account: who })?.fix[1]).toContain(`--member=${member} `);
  });
});

describe('hostile text', () => {
  test('nothing of it gets into a command', () => {
    const text =
      'denied: Permission "artifactregistry.repositories.uploadArtifacts" denied on "projects/$(id)/locations/`id`/repositories/;id"';
    expect(explainPushFailure(text, google)?.fix[0]).toBe(`gcloud artifacts repositories describe kfp ${on}`);
  });

  test('any text is explained in linear time or left', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 2000, unit: 'binary' }),
        fc.constantFrom(...googleTexts),
        (noise, [, text]) => {
          for (const context of [google, other]) {
            explainPushFailure(noise, context);
            for (const line of hintLines(
              explainPushFailure(`${noise}${text}`, context) ?? { kind: 'upload-lost', cause: '', fix: [] },
            )) {
              expect(line).not.toMatch(/[\u0000-\u001f]/);
            }
          }
        },
      ),
    );
    for (const filler of ['token ', 'Project ', 'oauth token: ', 'Location a', 'gha-creds-0', '"', ' ']) {
      explainPushFailure(filler.repeat(200_000), google);
    }
  });

  test('the words at either end of a log of megabytes count', () => {
    const log = '#5 12.3 compiling\n'.repeat(300_000);
    expect(explainPushFailure(`${log}denied: Unauthenticated request.`, google)?.kind).toBe('not-logged-in');
    expect(explainPushFailure(`Unauthenticated request.${log}`, google)?.kind).toBe('not-logged-in');
  });
});

describe('where to read on', () => {
  const env = {
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_ACTION_REPOSITORY: 'me/kfp-images',
    GITHUB_ACTION_REF: 'v1',
  };

  test('on GitHub: the page of the very version that runs', () => {
    expect(troubleshootingLink('upload-denied', env)).toBe(
      'https://github.com/me/kfp-images/blob/v1/docs/troubleshooting.md#upload-denied',
    );
  });

  test('on GitHub where the environment does not say: by the folder that the runner put the Action into', () => {
    const folder = '/home/runner/work/_actions/me/kfp-images/v1/dist/bundle';
    expect(troubleshootingLink('upload-denied', { GITHUB_SERVER_URL: 'https://github.com' }, folder)).toBe(
      'https://github.com/me/kfp-images/blob/v1/docs/troubleshooting.md#upload-denied',
    );
  });

  test('on a terminal: in the installed package, which brings the page along', () => {
    expect(troubleshootingLink('upload-denied', {}, '/usr/lib/node_modules/kfp-images/dist/bundle')).toBe(
      '/usr/lib/node_modules/kfp-images/docs/troubleshooting.md#upload-denied',
    );
  });

  test('on a runner that does not say which Action it is: the path, as its folders are gone when the log is read', () => {
    expect(troubleshootingLink('upload-denied', { GITHUB_ACTIONS: 'true' }, '/home/runner/work/x/x/dist/bundle')).toBe(
      'docs/troubleshooting.md#upload-denied',
    );
  });

  test.each([{}, { ...env, GITHUB_ACTION_REF: '' }, { ...env, GITHUB_ACTION_REPOSITORY: 'a b/c' }])(
    'else the path: %j',
    (known) => {
      expect(troubleshootingLink('upload-denied', known)).toBe('docs/troubleshooting.md#upload-denied');
    },
  );
});
