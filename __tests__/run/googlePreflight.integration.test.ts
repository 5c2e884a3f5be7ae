import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFakeCloud, type FakeCloud } from '../support/fakeGoogle/cloud';
import { startRegistryFront, type RegistryFront } from '../support/fakeGoogle/registryFront';
import { rightsOf } from '../support/fakeGoogle/world';
import { before, createWorld, noDocker, stackLine, step, storedIn, tagsOf, type World } from './world';

/* What can't go well at Artifact Registry is told, with what fixes it, before any build begins. The docker of these runs fails when it is called. */

let world: World;
let cloud: FakeCloud;
const elsewhere: RegistryFront[] = [];
const on = '--project=my-project --location=europe-west3';

beforeAll(async () => {
  [world, cloud] = await Promise.all([createWorld({ engine: false }), startFakeCloud()]);
});
afterAll(async () => {
  for (const front of elsewhere) await front.close();
  await world[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
});
beforeEach(() => {
  cloud.world.rights.set(cloud.account, rightsOf('writer'));
  cloud.world.apiEnabled = true;
});

interface Trouble {
  readonly title: string;
  /** Gives where to push, if not to the usual place. */
  readonly make: () => string | undefined | Promise<string>;
  readonly env?: Readonly<Record<string, string>>;
  readonly credentials?: () => string;
  readonly says: RegExp;
  readonly fix: () => string;
}

const troubles: readonly Trouble[] = [
  {
    title: 'a role that only reads',
    make: () => void cloud.world.rights.set(cloud.account, rightsOf('reader')),
    says: /may not upload in this repository/,
    fix: () =>
      `gcloud artifacts repositories add-iam-policy-binding kfp ${on} --member=serviceAccount:${cloud.account} --role=roles/artifactregistry.writer`,
  },
  {
    title: 'no role at all',
    make: () => void cloud.world.rights.set(cloud.account, []),
    says: /may not upload in this repository/,
    fix: () => '--role=roles/artifactregistry.writer',
  },
  {
    title: 'another location',
    make: async () => {
      const front = await startRegistryFront(cloud.world, cloud.backend, { location: 'us-central1' });
      elsewhere.push(front);
      return `${front.host}/my-project/kfp`;
    },
    env: { CLOUDSDK_ARTIFACTS_LOCATION: 'us-central1' },
    says: /no repository kfp in the location us-central1 .* it may be in another/,
    fix: () => 'gcloud artifacts repositories list --project=my-project',
  },
  {
    title: 'a location that is none',
    make: () => undefined,
    env: { CLOUDSDK_ARTIFACTS_LOCATION: 'europe-west33' },
    says: /has no location europe-west33/,
    fix: () => 'gcloud artifacts locations list',
  },
  {
    title: 'another project',
    make: () => `${cloud.front.host}/my-projct/kfp`,
    says: /There is no project my-projct, or it may not be seen/,
    fix: () => 'gcloud projects describe my-projct',
  },
  {
    title: 'a repository that is not there',
    make: () => {
      cloud.world.add('europe-west3/kfp-images');
      return `${cloud.front.host}/my-project/kpf-images`;
    },
    says: /There is no repository kpf-images .* Did you mean kfp-images\?/,
    fix: () => `gcloud artifacts repositories create kpf-images ${on} --repository-format=docker`,
  },
  {
    title: 'immutable tags, where latest is to move',
    make: () => {
      cloud.world.add('europe-west3/fixed', { immutableTags: true });
      return `${cloud.front.host}/my-project/fixed`;
    },
    says: /The repository fixed has immutable tags/,
    fix: () => `gcloud artifacts repositories update fixed ${on} --no-immutable-tags`,
  },
  {
    title: 'a repository of another kind',
    make: () => {
      cloud.world.add('europe-west3/cache', { mode: 'REMOTE_REPOSITORY' });
      return `${cloud.front.host}/my-project/cache`;
    },
    says: /is a remote one, a cache of another registry/,
    fix: () => 'gcloud artifacts repositories create cache-images',
  },
  {
    title: 'the API switched off',
    make: () => {
      cloud.world.apiEnabled = false;
      return undefined;
    },
    says: /artifactregistry\.googleapis\.com is not enabled in the project my-project/,
    fix: () => 'gcloud services enable artifactregistry.googleapis.com --project=my-project',
  },
  {
    title: 'an identity that may not act as the account',
    make: () => undefined,
    credentials: () =>
      JSON.stringify(cloud.identity.credentialsFile('somebody-else@my-project.iam.gserviceaccount.com')),
    says: /Google doesn't give out tokens of somebody-else@my-project/,
    fix: () =>
      'gcloud iam service-accounts add-iam-policy-binding somebody-else@my-project.iam.gserviceaccount.com --project=my-project --role=roles/iam.workloadIdentityUser',
  },
  {
    title: 'a key that was deleted',
    make: () => void cloud.world.rights.delete(cloud.account),
    says: /Google refuses the credentials of image-builder@my-project/,
    fix: () => `gcloud iam service-accounts keys list --iam-account=${cloud.account}`,
  },
];

describe('reported before the first build', () => {
  it.each(troubles)('$title', async ({ make, env, credentials, says, fix }) => {
    const registryPath = (await make()) ?? cloud.path;
    const fake = await noDocker(world);
    const stored = await storedIn(cloud.backend);
    const result = await step(world, {
      inputs: {
        images: 'driver',
        'registry-path': registryPath,
        'credentials-json': credentials?.() ?? cloud.keyJson,
      },
      env: { PATH: before(fake.bin), ...cloud.env, ...env },
    });
    expect(result.exitCode).toBe(1);
    const errors = result.stdout.split('\n').filter((line) => line.startsWith('::error::'));
    expect(errors).toHaveLength(1);
    const [text = ''] = errors.map((line) => line.replaceAll('%0A', '\n'));
    expect(text.replaceAll('\n', ' ')).toMatch(says);
    expect(text).toContain(fix());
    expect(text.match(/docs\/troubleshooting\.md#/g)).toHaveLength(1);
    expect(result.stdout).not.toMatch(stackLine);
    expect(await fake.calls()).not.toMatch(/buildx/);
    // Two bytes that ask whether one may write are not an image.
    expect(
      [...(await storedIn(cloud.backend)).keys()].filter((path) => !stored.has(path) && path.includes('_manifests')),
    ).toEqual([]);
  });
});

it('a dry run reports it too, and goes on to show the plan', async () => {
  cloud.world.rights.set(cloud.account, rightsOf('reader'));
  const result = await step(world, {
    inputs: { images: 'driver', 'registry-path': cloud.path, 'credentials-json': cloud.keyJson, 'dry-run': 'true' },
    env: cloud.env,
  });
  expect(result.exitCode).toBe(0);
  expect(result.stdout).toMatch(
    /^::warning::A run that pushes would find this:.*may not upload.*artifactregistry\.writer/m,
  );
  expect(result.stdout).toMatch(/buildx build/);
});

describe('create-repository', () => {
  const path = (): string => `${cloud.front.host}/my-project/fresh`;

  it('makes what is missing before anything else, and says so', async () => {
    cloud.world.rights.set(cloud.account, rightsOf('admin'));
    const fake = await noDocker(world);
    const result = await step(world, {
      inputs: {
        images: 'driver',
        'registry-path': path(),
        'credentials-json': cloud.keyJson,
        'create-repository': 'true',
      },
      env: { PATH: before(fake.bin), ...cloud.env },
    });
    expect(cloud.world.repositories.get('europe-west3/fresh')).toMatchObject({ format: 'DOCKER' });
    expect(result.stdout).toMatch(
      /^Made the repository fresh in europe-west3 of the project my-project, for Docker images/m,
    );
    // It goes on to build, which this docker does not.
    expect(await fake.calls()).toMatch(/buildx/);
  });

  it('in a dry run only says so', async () => {
    cloud.world.rights.set(cloud.account, rightsOf('admin'));
    const result = await step(world, {
      inputs: {
        images: 'driver',
        'registry-path': `${cloud.front.host}/my-project/later`,
        'credentials-json': cloud.keyJson,
        'create-repository': 'true',
        'dry-run': 'true',
      },
      env: cloud.env,
    });
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/a run that is not a dry run makes the repository later/);
    expect(result.stdout).not.toMatch(/::warning::/);
    expect(cloud.world.repositories.has('europe-west3/later')).toBe(false);
  });

  it('as who may not: the missing role is reported, and nothing is built', async () => {
    const fake = await noDocker(world);
    const result = await step(world, {
      inputs: {
        images: 'driver',
        'registry-path': `${cloud.front.host}/my-project/denied`,
        'credentials-json': cloud.keyJson,
        'create-repository': 'true',
      },
      env: { PATH: before(fake.bin), ...cloud.env },
    });
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(
      /^::error::The repository denied could not be created.*roles\/artifactregistry\.admin/m,
    );
    expect(await fake.calls()).not.toMatch(/buildx/);
  });

  it('is said to have no effect on another registry, and changes nothing there', async () => {
    const result = await step(world, {
      inputs: { images: 'driver', 'create-repository': 'true', 'dry-run': 'true' },
    });
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(
      /^::warning::create-repository has no effect: 127\.0\.0\.1:\d+ is not Artifact Registry/m,
    );
    expect(await tagsOf(world.registry, 'driver')).toEqual([]);
  });
});
