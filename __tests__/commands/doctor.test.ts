import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EnvironmentError } from '../../src/errors';
import { bad, good, runChecks, unknown, type Check, type Checked, type Finding } from '../../src/commands/doctor/check';
import { githubChecks } from '../../src/commands/doctor/github';
import { machineChecks } from '../../src/commands/doctor/machine';
import { registryChecks } from '../../src/commands/doctor/registry';
import { repositoryChecks } from '../../src/commands/doctor/repository';
import { tableLines } from '../../src/commands/doctor/table';
import { init } from '../../src/commands/init/init';
import { kfpCatalog } from '../../src/catalog/kfp';
import { terminalReporter } from '../../src/report/reporter';
import { noPaint } from '../../src/report/paint';
import { run } from '../../src/system/exec';
import { startFakeArtifactRegistry } from '../support/fakeGoogle/artifactRegistryApi';
import { startFakeIdentity } from '../support/fakeGoogle/identity';
import { FakeWorld, rightsOf } from '../support/fakeGoogle/world';
import { tempDir, type TempDir } from '../support/engine';
import { startFakeGitHub, type FakeAnswer } from '../support/fakeGitHub';
import { testKey } from '../support/serviceAccountKey';

const never = new AbortController().signal;
let folder: TempDir;

beforeEach(async () => {
  folder = await tempDir();
});
afterEach(() => folder.remove());

async function git(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run({ command: 'git', args, cwd: folder.path });
  if (exitCode !== 0) throw new Error(stderr);
}

const named = (found: readonly Checked[], name: string): Checked | undefined =>
  found.find((check) => check.name === name);

describe('looking', () => {
  const check = (look: Check['look'], needed = true): Check => ({ name: 'x', needed, look });

  test('what is explained is bad, with its fix; what is a surprise is unknown; what takes too long is cut off', async () => {
    const found = await runChecks(
      [
        check(() => Promise.resolve(good('well'))),
        check(() => Promise.reject(new EnvironmentError('Docker is missing.\nInstall it.'))),
        check(() => Promise.reject(new TypeError('oops'))),
        check(() => new Promise<Finding>(() => undefined)),
      ],
      never,
      50,
    );
    expect(found.map(({ state, text, fix }) => [state, text, fix])).toEqual([
      ['good', 'well', []],
      ['bad', 'Docker is missing.', ['Install it.']],
      ['unknown', 'oops', []],
      ['unknown', 'no answer within 0.05 s', []],
    ]);
  });

  test('all at once', async () => {
    let open = 0;
    let most = 0;
    const slow = check(async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 20));
      open -= 1;
      return good('');
    });
    await runChecks([slow, slow, slow], never);
    expect(most).toBe(3);
  });

  test('an interrupt ends it', async () => {
    const stop = new AbortController();
    const looking = runChecks([check(() => new Promise<Finding>(() => undefined))], stop.signal);
    stop.abort(new Error('stopped'));
    await expect(looking).rejects.toThrow('stopped');
  });

  test('the table', () => {
    const checks: readonly Checked[] = [
      { name: 'Node', needed: true, ...good('24.1.0') },
      { name: 'Docker', needed: true, ...bad('is \u001b[31mmissing', 'Install it') },
      { name: 'Token', needed: false, ...unknown('none', 'gh auth login') },
    ];
    expect(tableLines(checks, noPaint)).toEqual([
      '✔ Node    24.1.0',
      '✖ Docker  is \\x1b[31mmissing',
      '          → Install it',
      '? Token   none',
      '          → gh auth login',
      '',
      'Needed and missing: Docker.',
    ]);
  });
});

describe('this machine', () => {
  test('an old Node is reported, git is found', async () => {
    const found = await runChecks(machineChecks(undefined, '20.11.1'), never);
    expect(named(found, 'Node')).toMatchObject({
      state: 'bad',
      fix: ['Install Node 24 or newer: https://nodejs.org'],
    });
    expect(named(found, 'git')?.state).toBe('good');
  });
});

describe('the clone', () => {
  const look = () => runChecks(repositoryChecks({ cwd: folder.path, workingDirectory: '', path: '' }), never);

  test('no repository: what can’t be is reported, each with its reason', async () => {
    const found = await look();
    expect(named(found, 'Repository')?.state).toBe('bad');
    expect(named(found, 'Upstream branch')?.state).toBe('bad');
  });

  test('a fork with all it needs, then without some of it', async () => {
    await git('init', '--quiet', '--initial-branch=main');
    expect(named(await look(), 'Dockerfiles')?.text).toMatch(/driver: backend\/Dockerfile\.driver/);
    expect(named(await look(), 'Workflow')).toMatchObject({
      state: 'bad',
      fix: ['kfp-images init'],
    });
    for (const { dockerfile } of kfpCatalog.images.values()) {
      await mkdir(dirname(join(folder.path, dockerfile)), { recursive: true });
      await writeFile(join(folder.path, dockerfile), 'FROM scratch\n');
    }
    await mkdir(join(folder.path, '.github', 'workflows'), { recursive: true });
    const workflow = join(folder.path, '.github', 'workflows', 'build-backend-images.yaml');
    await writeFile(workflow, 'name: Build backend images\n');
    await expect(init({ cwd: folder.path, force: true, dryRun: false })).rejects.toThrow(
      '--from OWNER/kfp-images@COMMIT',
    );
    await init({ cwd: folder.path, force: true, dryRun: false, from: 'dana/kfp-images@v1' });
    const found = await look();
    expect(found.map(({ name, state }) => [name, state])).toEqual([
      ['Repository', 'good'],
      ['History', 'good'],
      ['Catalog', 'good'],
      ['Dockerfiles', 'good'],
      ['Upstream branch', 'bad'],
      ['Workflow', 'good'],
    ]);
    await writeFile(workflow, 'uses: OWNER/kfp-images/.github/workflows/build-backend-images.yaml@v1\n');
    expect(named(await look(), 'Workflow')?.text).toContain('still calls OWNER/kfp-images');
    await writeFile(
      workflow,
      'name: Build backend images\nuses: a/kfp-images/.github/workflows/build-backend-images.yaml@v1\n',
    );
    expect(named(await look(), 'Workflow')?.text).toContain('with changes of your own');
    await writeFile(join(folder.path, 'kfp-images.yaml'), 'version: 1\nimages: 3\n');
    expect(named(await look(), 'Catalog')).toMatchObject({ state: 'bad', needed: true });
  });
});

describe('GitHub', () => {
  const token = 'ghp_0123456789012345678901234567890123456';

  async function look(secrets: readonly string[], given = token, status = 200): Promise<readonly Checked[]> {
    await git('init', '--quiet');
    await git('remote', 'add', 'origin', 'https://github.com/prokube/pipelines.git');
    const list = (names: readonly string[]): FakeAnswer => ({
      status,
      body: { total_count: names.length, secrets: names.map((name) => ({ name })), variables: [] },
    });
    const fake = await startFakeGitHub({
      commits: [],
      routes: ({ path }) =>
        path === '/actions/secrets' ? list(secrets) : path.startsWith('/actions/') ? list([]) : undefined,
    });
    try {
      // GitHub names the scopes of a classic token in a header.
      if (given !== '') fake.answerNext({ status: 200, headers: { 'x-oauth-scopes': 'repo, workflow' }, body: {} });
      return await runChecks(githubChecks(given, folder.path, { GITHUB_API_URL: fake.repository.apiUrl }), never);
    } finally {
      await fake.close();
    }
  }

  test('token and secrets are there, and the token is not shown', async () => {
    const found = await look(['GCP_ARTIFACT_REGISTRY_PATH', 'GCP_SA_KEY']);
    expect(named(found, 'GitHub token')).toMatchObject({
      state: 'good',
      text: 'sees prokube/pipelines; scopes repo, workflow',
    });
    expect(named(found, 'Secrets of the workflow')?.state).toBe('good');
    expect(JSON.stringify(found)).not.toContain(token);
  });

  test('a secret is missing', async () => {
    const found = await look(['GCP_SA_KEY']);
    expect(named(found, 'Secrets of the workflow')).toMatchObject({
      state: 'bad',
      fix: [
        'gh variable set GCP_ARTIFACT_REGISTRY_PATH --repo prokube/pipelines --body LOCATION-docker.pkg.dev/PROJECT/REPOSITORY',
      ],
    });
  });

  test('secrets that may not be listed are unknown', async () => {
    expect(named(await look([], token, 403), 'Secrets of the workflow')?.state).toBe('unknown');
  });

  test('no token', async () => {
    const found = await look([], '');
    expect(found.map(({ state, needed }) => [state, needed])).toEqual([
      ['unknown', false],
      ['unknown', false],
    ]);
  });
});

describe('the registry', () => {
  test('Google’s, with a key: the pre-flight’s words and fix, and no secret', async () => {
    const world = new FakeWorld('my-project');
    const identity = await startFakeIdentity(world);
    const key = await testKey('my-project', `http://${identity.server.host}/token`);
    world.trust(key.clientEmail, key.privateKey);
    world.rights.set(key.clientEmail, []);
    world.add('europe-west3/kfp');
    const api = await startFakeArtifactRegistry(world);
    const { log } = terminalReporter(process.stderr, {}, false);
    const given = { registryPath: 'europe-west3-docker.pkg.dev/my-project/kfp', credentialsJson: key.json };
    const look = () => runChecks(registryChecks(given, { env: {}, log, signal: never }, api.endpoint), never, 60_000);
    try {
      const refused = await look();
      world.rights.set(key.clientEmail, rightsOf('writer'));
      const allowed = await look();
      expect(named(refused, 'Credentials')?.text).toContain(key.clientEmail);
      expect(named(refused, 'Registry')).toMatchObject({ state: 'bad', needed: true });
      expect(named(refused, 'Registry')?.fix.join('\n')).toContain('--role=roles/artifactregistry.writer');
      expect(named(allowed, 'Registry')?.state).toBe('good');
      expect(JSON.stringify([refused, allowed])).not.toMatch(/PRIVATE KEY|private_key/);
    } finally {
      await api.close();
      await identity.server.close();
    }
  });

  test('without a path it is not needed; with one that can’t be it is', async () => {
    const { log } = terminalReporter(process.stderr, {}, false);
    const ports = { env: {}, log, signal: never };
    const none = await runChecks(registryChecks({ registryPath: '', credentialsJson: '' }, ports), never);
    expect(none).toMatchObject([{ needed: false, state: 'unknown' }]);
    const wrong = await runChecks(
      registryChecks({ registryPath: 'eu-docker.pkg.dev/p/r', credentialsJson: '' }, ports),
      never,
    );
    expect(named(wrong, 'Registry')).toMatchObject({ needed: true, state: 'bad' });
    expect(named(wrong, 'Registry')?.text).toMatch(/europe-docker\.pkg\.dev/);
  });
});
