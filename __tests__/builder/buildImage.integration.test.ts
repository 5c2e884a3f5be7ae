import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveness, identify } from '../../src/system/processes';
import type { BuildEvent, BuildOutcome } from '../../src/types';
import { docker } from '../support/engine';
import { dockerConfig, startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { openGate } from './gate';
import { base, openWorkbench, sha, type Workbench } from './workbench';

let registry: TestRegistry;
let bench: Workbench;

beforeAll(async () => {
  registry = await startRegistry();
  bench = await openWorkbench(registry);
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await registry.stop();
});

type Failed = BuildOutcome & { readonly kind: 'failed' };
function failed(outcome: BuildOutcome): Failed {
  if (outcome.kind !== 'failed') throw new Error(`it did not fail: ${JSON.stringify(outcome)}`);
  return outcome;
}

describe('an image', () => {
  it('is built, pushed under its key, and named by the digest that the registry has', async () => {
    await bench.write({
      Dockerfile: `FROM ${base}\nARG COMMIT_SHA\nENV COMMIT=$COMMIT_SHA\nCOPY x /x\nRUN echo said && cat /x\n`,
      x: `content ${Date.now()}\n`,
    });
    const events: BuildEvent[] = [];
    const { outcome, logFile } = await bench.build({ buildArgs: { COMMIT_SHA: '{{sha}}' } }, { events });
    expect(outcome.kind).toBe('built');
    if (outcome.kind !== 'built') return;
    const client = testClient({ login: registry }).registry;
    const { pushesByDigest, rewritesTimes } = bench.able;
    const pushed = await client.head(`${registry.path}/driver`, pushesByDigest ? outcome.digest : 'key-1');
    expect(pushed?.digest).toBe(outcome.digest);
    // By digest, it leaves tags alone that another run's images may be at.
    expect(await client.tags(`${registry.path}/driver`)).toEqual(pushesByDigest ? [] : ['key-1']);
    const kind = rewritesTimes ? 'oci.image' : 'docker.distribution';
    expect(pushed?.mediaType).toContain(`application/vnd.${kind}.manifest.`);
    expect(outcome.timing).toMatchObject({ steps: 2, cachedSteps: 0, boundAt: undefined });
    const { queuedAt, startedAt = 0, builtAt = 0, pushedAt = 0 } = outcome.timing;
    expect([queuedAt, startedAt, builtAt, pushedAt].toSorted((a, b) => a - b)).toEqual([
      queuedAt,
      startedAt,
      builtAt,
      pushedAt,
    ]);

    const config = await dockerConfig(registry, bench.scratch.docker);
    const reference = `${registry.path}/driver@${outcome.digest}`;
    await docker(['pull', '--quiet', reference], { env: { DOCKER_CONFIG: config } });
    const inspected = JSON.parse(await docker(['image', 'inspect', '--format', '{{json .Config}}', reference])) as {
      readonly Labels: Record<string, string>;
      readonly Env: readonly string[];
    };
    expect(inspected.Env).toContain(`COMMIT=${sha}`);
    expect(inspected.Labels).toMatchObject({
      'org.opencontainers.image.source': 'https://github.com/acme/pipelines',
      'org.opencontainers.image.revision': sha,
      'org.opencontainers.image.created': '2026-01-05T12:00:00Z',
      'org.opencontainers.image.title': 'driver',
    });
    expect(await readFile(logFile ?? '', 'utf8')).toMatch(/RUN echo said.*\n(#\d+ .*\n)*#\d+ said\n#\d+ content \d+\n/);
    expect(events.some((event) => event.kind === 'log' && event.text.includes('said\n'))).toBe(true);
  });

  it('is loaded into the engine without push', async () => {
    await bench.write({ Dockerfile: `FROM ${base}\nENV KIND=local\n` });
    const { outcome } = await bench.build(
      { name: 'local' },
      { request: { push: false, repository: 'kfp-images-test/local', tag: 'commit-1' } },
    );
    expect(outcome).toMatchObject({ kind: 'built', timing: { pushedAt: undefined } });
    expect(
      await docker(['run', '--rm', '--network', 'none', 'kfp-images-test/local:commit-1', 'sh', '-c', 'echo $KIND']),
    ).toBe('local');
    await docker(['image', 'rm', 'kfp-images-test/local:commit-1']);
  });
});

describe('a failure', () => {
  it('points to the line of the Dockerfile in the repository, whatever was added to it', async () => {
    const lines = [
      '# A builder',
      `FROM ${base} AS builder`,
      'RUN echo first',
      'RUN echo before; \\',
      '  for i in $(seq 50); do echo line $i; done; exit 7',
      'FROM scratch',
      'COPY --from=builder /bin /bin',
      '',
    ];
    await bench.write({ 'images/Dockerfile.driver': lines.join('\n') });
    const events: BuildEvent[] = [];
    const { outcome, logFile } = await bench.build(
      { name: 'failing', dockerfile: 'images/Dockerfile.driver', cacheMounts: ['/var/cache/x'] },
      { events },
    );
    const about = failed(outcome);
    expect(about.at).toEqual({ file: 'images/Dockerfile.driver', line: 4 });
    expect(about.message).toMatch(/did not complete successfully: exit code: 7$/);
    expect(about.tail).toHaveLength(40);
    expect(about.tail.at(-1)).toBe('line 50');
    expect(about.step).toMatch(/^\[builder 3\/3\] RUN echo before;/);
    expect(about.excerpt?.join('\n')).toMatch(/4 \| >>> RUN echo before; \\\n +5 \| >>> {3}for i/);
    expect(about.excerpt?.join('\n')).not.toContain('--mount');
    const log = await readFile(logFile ?? '', 'utf8');
    expect(log).toContain('line 1\n');
    expect(log).not.toContain('--mount');
    expect(events.some((event) => event.kind === 'step' && event.name.includes('--mount'))).toBe(false);
  });

  it('of the Dockerfile itself has its line too', async () => {
    await bench.write({ 'sub/Dockerfile.bad': `FROM ${base}\nRUNN x\n` });
    const { outcome } = await bench.build({ name: 'bad', dockerfile: 'sub/Dockerfile.bad' });
    expect(failed(outcome)).toMatchObject({
      at: { file: 'sub/Dockerfile.bad', line: 2 },
      message: expect.stringContaining('RUNN') as string,
    });
  });

  it('of a file that is not in the commit says which', async () => {
    await bench.write({ Dockerfile: `FROM ${base}\nCOPY absent /x\n` });
    const { outcome } = await bench.build({ name: 'absent' });
    expect(failed(outcome)).toMatchObject({
      at: { file: 'Dockerfile', line: 2 },
      message: expect.stringContaining('"/absent": not found') as string,
    });
  });

  it('of a missing Dockerfile or program is reported as what it is', async () => {
    const { outcome } = await bench.build({ name: 'none', dockerfile: 'no/Dockerfile' });
    expect(failed(outcome).message).toMatch(/failed to read dockerfile|no such file/);
    const without = await bench.build({ name: 'none', dockerfile: 'no/Dockerfile' }, { env: { PATH: '/nowhere' } });
    expect(failed(without.outcome).message).toMatch(/"docker" is not installed/);
  });

  it('never gives the digest of an earlier build', async () => {
    await bench.write({ Dockerfile: `FROM ${base}\nRUN exit 1\n` });
    expect((await bench.build({})).outcome.kind).toBe('failed');
  });
});

describe('cancelling', () => {
  it('ends buildx and its step', async () => {
    await bench.write({ Dockerfile: `FROM ${base}\nRUN echo go; sleep 600\n` });
    const controller = new AbortController();
    const groups: ReturnType<typeof identify>[] = [];
    const events: BuildEvent[] = [];
    const building = bench.build(
      { name: 'long' },
      { signal: controller.signal, events, ports: { onStart: (group) => void groups.push(identify(group)) } },
    );
    while (!events.some((event) => event.kind === 'log' && event.text.includes('go')))
      await new Promise((done) => setTimeout(done, 20));
    controller.abort();
    expect((await building).outcome).toMatchObject({ kind: 'cancelled', name: 'long' });
    expect(groups.map((group) => group && liveness(group))).toEqual(['ended']);
  });

  it('starts nothing when it was cancelled before', async () => {
    expect((await bench.build({ name: 'long' }, { signal: AbortSignal.abort() })).outcome.kind).toBe('cancelled');
  });
});

describe('a push', () => {
  it('is tried again after a fresh login, and what is built is not built again', async () => {
    await bench.write({ Dockerfile: `FROM ${base}\nRUN echo once ${Date.now()}\n` });
    await dockerConfig({ ...registry, password: 'expired' }, bench.scratch.docker);
    let logins = 0;
    const events: BuildEvent[] = [];
    const login = async (): Promise<void> => {
      logins += 1;
      await dockerConfig(registry, bench.scratch.docker);
    };
    const { outcome } = await bench.build({ name: 'login' }, { events, ports: { login } });
    expect(outcome).toMatchObject({ kind: 'built', timing: { steps: 1, cachedSteps: 0 } });
    expect(logins).toBe(1);
    expect(events.filter((event) => event.kind === 'log' && event.text.includes('once'))).toHaveLength(1);
    expect(events.some((event) => event.kind === 'log' && /^The push failed and is tried again/.test(event.text))).toBe(
      true,
    );
  });

  it('gives up when the fresh login is refused too, and tells what it means', async () => {
    await dockerConfig({ ...registry, password: 'wrong' }, bench.scratch.docker);
    const asked: string[] = [];
    const explainPush = (text: string): readonly string[] => {
      asked.push(text);
      return ['Log in again.'];
    };
    const { outcome } = await bench.build({ name: 'login' }, { ports: { explainPush } });
    await dockerConfig(registry, bench.scratch.docker);
    expect(failed(outcome).message).toMatch(
      /(401|unauthorized|no basic auth)(.|\n)*\(tried 2 times\)\nLog in again\.$/i,
    );
    expect(asked).toHaveLength(1);
  });

  it('outlasts a registry that has too much to do', async () => {
    let left = 2;
    const isManifest = (method: string, path: string): boolean => method === 'PUT' && path.includes('/manifests/');
    await using busy = await openGate(registry, (method, path) =>
      isManifest(method, path) && left-- > 0 ? 429 : undefined,
    );
    await bench.write({ Dockerfile: `FROM ${base}\nRUN echo busy\n` });
    await dockerConfig({ ...registry, host: busy.host }, bench.scratch.docker);
    const { outcome } = await bench.build({ name: 'busy' }, { request: { repository: `${busy.path}/driver` } });
    await dockerConfig(registry, bench.scratch.docker);
    expect(outcome.kind).toBe('built');
    expect(busy.refused()).toBe(2);
  });
});
