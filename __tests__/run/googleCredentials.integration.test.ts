import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markdownText } from '../../src/report/escape';
import { startFakeCloud, type FakeCloud } from '../support/fakeGoogle/cloud';
import { federatedAccount, machineAccount, user } from '../support/fakeGoogle/identity';
import { rightsOf } from '../support/fakeGoogle/world';
import { dockerConfig } from '../support/registry';
import { createWorld, json, lockIn, step, type World } from './world';

/* Whole runs, by docker and all, with each kind of credentials that Google takes. The services are fakes around the real registry. */

let world: World;
let cloud: FakeCloud;

beforeAll(async () => {
  [world, cloud] = await Promise.all([createWorld(), startFakeCloud()]);
  for (const each of [federatedAccount, machineAccount, user]) cloud.world.rights.set(each, rightsOf('writer'));
  await world.fork.commit('Speak up [driver-launcher]');
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
});

interface Kind {
  readonly name: string;
  readonly credentialsJson?: () => string;
  /** What is on the machine: variable → content of the file that it names. */
  readonly files?: () => Readonly<Record<string, object>>;
  readonly env?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** What the summary says of who pushed. */
  readonly says: () => string;
}

const kinds: readonly Kind[] = [
  {
    name: 'a service account key',
    credentialsJson: () => cloud.keyJson,
    says: () => `service account key of ${cloud.account} (credentials-json)`,
  },
  {
    name: 'an external account in the input',
    credentialsJson: () => JSON.stringify(cloud.identity.credentialsFile()),
    says: () => 'workload identity as workload identity pool github (credentials-json)',
  },
  {
    name: 'what google-github-actions/auth left, as a service account',
    files: () => ({ GOOGLE_GHA_CREDS_PATH: cloud.identity.credentialsFile(cloud.account) }),
    says: () => `workload identity as ${cloud.account} (GOOGLE_GHA_CREDS_PATH)`,
  },
  {
    name: 'the login of a person',
    files: () => ({ GOOGLE_APPLICATION_CREDENTIALS: cloud.identity.userFile() }),
    says: () => `login of ${user} (GOOGLE_APPLICATION_CREDENTIALS)`,
  },
  {
    name: 'the metadata server',
    env: () => ({ METADATA_SERVER_DETECTION: '', GCE_METADATA_HOST: cloud.identity.server.host }),
    says: () => `this machine’s service account ${machineAccount} (metadata server)`,
  },
  {
    name: 'the docker login of the machine',
    env: async () => {
      const folder = await folderFor('docker');
      const login = { ...cloud.backend, host: cloud.front.host, username: '_json_key', password: cloud.keyJson };
      return { DOCKER_CONFIG: await dockerConfig(login, folder) };
    },
    says: () => 'docker login (_json_key)',
  },
];

async function folderFor(name: string): Promise<string> {
  const folder = join(world.folder.path, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

describe('a set is built and published with', () => {
  it.each(kinds)('$name', async ({ name, credentialsJson, files, env, says }) => {
    const home = await folderFor('home');
    const named: Record<string, string> = {};
    for (const [variable, content] of Object.entries(files?.() ?? {})) {
      named[variable] = join(home, `${variable}.json`);
      await writeFile(named[variable], JSON.stringify(content));
    }
    const asked = cloud.api.server.requests.length;
    const result = await step(world, {
      inputs: {
        'registry-path': `${cloud.path}/${name.replaceAll(/[^a-z]+/g, '-')}`,
        'credentials-json': credentialsJson?.() ?? '',
      },
      env: { HOME: home, METADATA_SERVER_DETECTION: 'none', ...cloud.env, ...named, ...(await env?.()) },
    });
    expect(result.stdout).not.toMatch(/^::(?:error|warning)::/m);
    expect(result.exitCode).toBe(0);
    expect([...(json(result, 'built') as string[])].sort()).toEqual(['driver', 'launcher']);
    expect(Object.keys((await lockIn(world.fork)).images).sort()).toEqual(['driver', 'launcher']);
    expect(result.summary).toContain(markdownText(says()));
    // Google was asked before, as the one who pushes.
    expect(cloud.api.server.requests.length).toBeGreaterThan(asked);
  });
});
