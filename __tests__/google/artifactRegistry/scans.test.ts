import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scansOf, type ImageScan } from '../../../src/google/artifactRegistry/scans';
import { parseRegistryPath, type GoogleRegistryPath } from '../../../src/google/registryPath';
import {
  listRight,
  startFakeContainerAnalysis,
  type FakeContainerAnalysis,
  type FakeScan,
} from '../../support/fakeGoogle/containerAnalysis';
import { FakeWorld } from '../../support/fakeGoogle/world';
import { serve } from '../../support/httpServer';

const account = 'builder@my-project.iam.gserviceaccount.com';
const digest = `sha256:${'a'.repeat(64)}`;
let world: FakeWorld;
let api: FakeContainerAnalysis;
let scans: Map<string, FakeScan>;

beforeEach(async () => {
  world = new FakeWorld('my-project');
  world.rights.set(account, [listRight]);
  scans = new Map();
  api = await startFakeContainerAnalysis(world, (url) => scans.get(url));
});
afterEach(() => api.close());

function google(): GoogleRegistryPath {
  const parsed = parseRegistryPath('europe-west3-docker.pkg.dev/my-project/kfp');
  if (parsed.kind === 'other') throw new Error('none of Google’s');
  return parsed;
}

const path = google();
const image = (name: string) => ({ repository: `${path.full}/${name}`, digest });

function look(names: readonly string[], endpoint = api.endpoint): Promise<readonly ImageScan[]> {
  return scansOf(path, world.issue(account, 600), names.map(image), { endpoint, timeoutMs: 120_000 });
}

function scanned(name: string, status: string, severities: readonly string[] = []): void {
  scans.set(`https://${path.full}/${name}@${digest}`, { status, severities });
}

describe('scan results', () => {
  test('by severity, worst first', async () => {
    scanned('driver', 'FINISHED_SUCCESS', ['LOW', 'CRITICAL', 'MEDIUM', 'LOW', 'SEVERITY_UNSPECIFIED']);
    expect(await look(['driver'])).toEqual([
      {
        ...image('driver'),
        findings: [
          ['CRITICAL', 1],
          ['MEDIUM', 1],
          ['LOW', 2],
          ['SEVERITY_UNSPECIFIED', 1],
        ],
      },
    ]);
  });

  test('over several pages', async () => {
    scanned(
      'driver',
      'FINISHED_SUCCESS',
      Array.from({ length: 2500 }, () => 'HIGH'),
    );
    expect((await look(['driver']))[0]?.findings).toEqual([['HIGH', 2500]]);
  });

  test('nothing found, not ready, never looked at, not supported', async () => {
    scanned('clean', 'FINISHED_SUCCESS');
    scanned('running', 'SCANNING');
    scanned('odd', 'FINISHED_UNSUPPORTED');
    expect(
      (await look(['clean', 'running', 'new', 'odd'])).map(({ repository, findings }) => [repository, findings]),
    ).toEqual([
      [`${path.full}/clean`, []],
      [`${path.full}/running`, 'not-ready'],
      [`${path.full}/new`, 'not-ready'],
    ]);
  });

  test('what is hostile in an answer is left out', async () => {
    const body = JSON.stringify({
      occurrences: [
        { discovery: { analysisStatus: 'FINISHED_SUCCESS' }, vulnerability: { effectiveSeverity: '<script>' } },
        null,
        1,
        { vulnerability: null },
      ],
    });
    const server = await serve(() => ({ status: 200, body }));
    try {
      const [host = '', port = ''] = server.host.split(':');
      expect((await look(['driver'], { host, port: Number(port) }))[0]?.findings).toEqual([]);
    } finally {
      await server.close();
    }
  });

  test('a missing right is an error without the token', async () => {
    world.rights.set(account, []);
    const failure = look(['driver']);
    await expect(failure).rejects.toThrow(/answered 403.*permission denied/);
    await expect(failure).rejects.not.toThrow(world.tokens[0]?.token ?? 'none');
  });

  test('something that is not an answer is an error', async () => {
    const server = await serve(() => ({ status: 200, body: '<html>' }));
    try {
      const [host = '', port = ''] = server.host.split(':');
      await expect(look(['driver'], { host, port: Number(port) })).rejects.toThrow('not JSON');
    } finally {
      await server.close();
    }
  });
});
