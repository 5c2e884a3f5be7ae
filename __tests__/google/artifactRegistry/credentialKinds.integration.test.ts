import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { publish } from '../../../src/publish/publication';
import { readSet } from '../../../src/publish/setArtifact';
import { commitTag, setRepository } from '../../../src/publish/tags';
import { terminalReporter } from '../../../src/report/reporter';
import { openAccess, type Access } from '../../../src/run/access';
import { clockOfATest } from '../../support/clock';
import {
  federatedAccount,
  machineAccount,
  startFakeIdentity,
  user,
  type FakeIdentity,
} from '../../support/fakeGoogle/identity';
import { startRegistryFront, type RegistryFront } from '../../support/fakeGoogle/registryFront';
import { FakeWorld, rightsOf } from '../../support/fakeGoogle/world';
import { tempDir, type TempDir } from '../../support/engine';
import { startRegistry, type TestRegistry } from '../../support/registry';
import { buildTinyRelease, commitId, history } from '../../support/releaseSets';
import { testKey } from '../../support/serviceAccountKey';

/* Each kind of credentials publishes a whole set, through fakes of Google's token services and of Artifact Registry's endpoint, to a real registry. */

const project = 'my-project';
/** Access tokens of people and of workload identity live so long here. */
const seconds = 600;
const clock = clockOfATest();
let backend: TestRegistry;
let front: RegistryFront;
let identity: FakeIdentity;
let world: FakeWorld;
let folder: TempDir;
let account: string;
let keyJson: string;
/** The same key; tokens are made with it at the fake. */
let tokenKeyJson: string;

beforeAll(async () => {
  backend = await startRegistry();
  const key = await testKey(project);
  [account, keyJson] = [key.clientEmail, key.json];
});
afterAll(() => backend.stop());
beforeEach(async () => {
  folder = await tempDir();
  world = new FakeWorld(project);
  world.add('europe-west3/kfp');
  for (const each of [account, federatedAccount, user, machineAccount]) world.rights.set(each, rightsOf('writer'));
  identity = await startFakeIdentity(world, { seconds, impersonates: account });
  const key = await testKey(project, `http://${identity.server.host}/token`);
  tokenKeyJson = key.json;
  world.trust(account, key.privateKey);
  front = await startRegistryFront(world, backend, { seconds });
});
afterEach(async () => {
  await front.close();
  await identity.server.close();
  await folder.remove();
});

interface Kind {
  readonly name: string;
  readonly credentialsJson?: () => string;
  readonly variable?: 'GOOGLE_GHA_CREDS_PATH' | 'GOOGLE_APPLICATION_CREDENTIALS';
  readonly file?: () => object;
  readonly login?: () => string;
  readonly env?: () => Readonly<Record<string, string>>;
  readonly describes: () => RegExp;
}

const text = (value: string): RegExp => new RegExp(value.replaceAll(/[.+?()]/g, '\\$&'));
const byKey = (): RegExp => text(`key of ${account} (credentials-json)`);
const kinds: readonly Kind[] = [
  { name: 'a key, by tokens made with it', credentialsJson: () => tokenKeyJson, describes: byKey },
  { name: 'a key itself, as a password', credentialsJson: () => keyJson, describes: byKey },
  { name: 'a key in base64', credentialsJson: () => Buffer.from(keyJson).toString('base64'), describes: byKey },
  {
    name: 'a federated identity in the input',
    credentialsJson: () => JSON.stringify(identity.credentialsFile()),
    describes: () => /workload identity as workload identity pool github/,
  },
  {
    name: 'google-github-actions/auth, directly',
    variable: 'GOOGLE_GHA_CREDS_PATH',
    file: () => identity.credentialsFile(),
    describes: () => /GOOGLE_GHA_CREDS_PATH/,
  },
  {
    name: 'google-github-actions/auth, as a service account',
    variable: 'GOOGLE_GHA_CREDS_PATH',
    file: () => identity.credentialsFile(account),
    describes: () => text(`workload identity as ${account} (GOOGLE_GHA_CREDS_PATH)`),
  },
  {
    name: 'the login of a person',
    variable: 'GOOGLE_APPLICATION_CREDENTIALS',
    file: () => identity.userFile(),
    describes: () => text(`login of ${user} (GOOGLE_APPLICATION_CREDENTIALS)`),
  },
  {
    name: 'the metadata server of a machine in the cloud',
    env: () => ({
      METADATA_SERVER_DETECTION: '',
      GCE_METADATA_HOST: identity.server.host,
      CLOUDSDK_ARTIFACTS_LOCATION: 'europe-west3',
      CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: 'http://127.0.0.1:9/',
    }),
    describes: () => text(`service account ${machineAccount} (metadata server)`),
  },
  { name: 'the docker login', login: () => `_json_key:${keyJson}`, describes: () => /docker login \(_json_key\)/ },
];

describe('a set is published with', () => {
  test.each(kinds)('$name, though its tokens end on the way', async (kind) => {
    const { access, said, masked } = await open(kind);
    const registryPath = access.path.full;
    const commit = commitId(kind.name);
    const release = {
      registryPath,
      commit,
      images: { driver: { content: kind.name }, launcher: { content: 'l' }, apiserver: { content: 'a' } },
      binds: { apiserver: ['driver', 'launcher'] },
    };
    const order = await buildTinyRelease(access.registry, release);
    // A build that takes longer than any token of the start lives.
    clock.advance(seconds + 1);
    const told = await publish(order, {
      registry: access.registry,
      uncancellable: access.uncancellable,
      isAncestor: history({}),
      now: () => Date.now(),
      signal: new AbortController().signal,
      log: said.log,
    });
    expect(told).toMatchObject({ kind: 'published', error: undefined, notes: [] });
    expect(await readSet(access.registry, setRepository(registryPath), commitTag(commit))).toMatchObject({
      lock: { commit },
    });
    expect(access.credentials.describe).toMatch(kind.describes());
    // Whatever opened something was masked, and none of it was said.
    const secrets = [
      ...world.tokens.map(({ token }) => token),
      ...front.issued,
      ...(kind.file === undefined ? [] : identity.secrets),
    ];
    const used = secrets.filter((secret) => masked.has(secret));
    expect(used).toEqual(expect.arrayContaining([...world.tokens.map(({ token }) => token), ...front.issued]));
    for (const secret of [...secrets, keyJson.slice(200, 260)]) expect(said.text()).not.toContain(secret);
  });

  test('none of the kinds, when its account may only read', async () => {
    world.rights.set(account, rightsOf('reader'));
    const { access } = await open(kinds[0] ?? { name: '', describes: () => /./ });
    const release = { registryPath: access.path.full, commit: commitId('x'), images: { driver: { content: 'x' } } };
    await expect(buildTinyRelease(access.registry, release)).rejects.toThrow(/uploadArtifacts/);
  });
});

async function open(kind: Kind): Promise<{
  readonly access: Access;
  readonly said: ReturnType<typeof listener>;
  readonly masked: ReadonlySet<string>;
}> {
  const home = join(folder.path, 'home');
  await mkdir(join(home, '.docker'), { recursive: true });
  const login = kind.login?.();
  const auths = login === undefined ? {} : { [front.host]: { auth: Buffer.from(login).toString('base64') } };
  await writeFile(join(home, '.docker', 'config.json'), JSON.stringify({ auths }));
  const file = join(folder.path, 'credentials.json');
  if (kind.file !== undefined) await writeFile(file, JSON.stringify(kind.file()));
  const env = {
    HOME: home,
    DOCKER_CONFIG: join(home, '.docker'),
    METADATA_SERVER_DETECTION: 'none',
    ...(kind.variable === undefined ? {} : { [kind.variable]: file }),
    ...kind.env?.(),
  };
  const said = listener();
  const masked = new Set<string>();
  const log = { ...said.log, mask: (secret: string) => void masked.add(secret) };
  const registryPath = `${front.host}/${project}/kfp/team-${kind.name.replaceAll(/[^a-z]+/g, '-')}`.replace(/-$/, '');
  const access = await openAccess(
    { registryPath, credentialsJson: kind.credentialsJson?.() ?? '' },
    { env, log, signal: new AbortController().signal },
  );
  return { access, said, masked };
}

function listener() {
  const lines: string[] = [];
  const { log } = terminalReporter(process.stderr, {}, false);
  const keep = (line: string): void => void lines.push(line);
  return { log: { ...log, debug: keep, info: keep, warning: keep, error: keep }, text: () => lines.join('\n') };
}
