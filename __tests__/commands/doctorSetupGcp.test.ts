import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runCli } from '../../src/commands/commandLine';
import { setupScript, setupSteps, type Setup } from '../../src/commands/setupGcp/script';
import { run } from '../../src/system/exec';
import { tempDir } from '../support/engine';

const setup: Setup = {
  project: 'my-project',
  location: 'europe-west3',
  repository: 'kfp',
  registryPath: 'europe-west3-docker.pkg.dev/my-project/kfp',
  fork: 'prokube/pipelines',
  account: 'kfp-images-writer',
  key: false,
};
const writer = 'kfp-images-writer@my-project.iam.gserviceaccount.com';

/** Runs the script with programs that only write down what they were called with; gcloud answers with a project number. */
async function calls(script: string): Promise<readonly string[]> {
  await using folder = await tempDir();
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  for (const name of ['gcloud', 'gh', 'kfp-images']) {
    const text = `#!/bin/sh\nprintf '%s' ${name} >> "$LOG"; for a in "$@"; do printf ' [%s]' "$a" >> "$LOG"; done; echo >> "$LOG"\ncase "$*" in *projectNumber*) echo 123456 ;; *keys*create*) echo {} > key.json ;; esac\n`;
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  }
  const log = join(folder.path, 'log');
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, LOG: log };
  const { exitCode, stderr } = await run({ command: 'sh', args: ['-eu'], input: script, cwd: folder.path, env });
  expect([exitCode, stderr]).toEqual([0, '']);
  return (await readFile(log, 'utf8')).trim().split('\n');
}

describe('the commands that set up Google', () => {
  test('workload identity: run by a shell they come out as meant', async () => {
    const made = await calls(setupScript(setup));
    expect(made).toContain(
      `gcloud [artifacts] [repositories] [add-iam-policy-binding] [kfp] [--project=my-project] [--location=europe-west3] [--member=serviceAccount:${writer}] [--role=roles/artifactregistry.writer]`,
    );
    expect(made.join('\n')).toContain("[--attribute-condition=assertion.repository == 'prokube/pipelines']");
    expect(made.join('\n')).toContain(
      '[--member=principalSet://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/github/attribute.repository/prokube/pipelines]',
    );
    expect(made).toContain(
      'gh [variable] [set] [GCP_WORKLOAD_IDENTITY_PROVIDER] [--repo=prokube/pipelines] [--body=projects/123456/locations/global/workloadIdentityPools/github/providers/pipelines]',
    );
    expect(made.filter((line) => line.includes('keys'))).toEqual([]);
  });

  test('by a key, which does not stay on disk', async () => {
    const script = setupScript({ ...setup, key: true });
    const made = await calls(script);
    expect(made).toContain('gh [secret] [set] [GCP_SA_KEY] [--repo=prokube/pipelines]');
    expect(script).toMatch(/umask 077/);
    expect(script).toMatch(/^rm key\.json$/m);
  });

  test('a project of a domain', () => {
    expect(setupScript({ ...setup, project: 'example.com:p' })).toContain(
      'kfp-images-writer@p.example.com.iam.gserviceaccount.com',
    );
  });

  test('no line of the script is very long, and each of --json is a whole command', () => {
    const lines = setupScript(setup).split('\n');
    expect(lines.filter((line) => line.length > 170)).toEqual([]);
    const joined = setupScript(setup).replaceAll(' \\\n  ', ' ').split('\n');
    expect(joined).toEqual(expect.arrayContaining([...setupSteps(setup).flatMap(({ commands }) => commands)]));
  });

  test.each([false, true])('as one JSON document (key: %j), whose commands do what the script does', async (key) => {
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const flags = [
      '--json',
      '--registry-path',
      setup.registryPath,
      '--repository',
      setup.fork,
      ...(key ? ['--key'] : []),
    ];
    let printed: string;
    try {
      expect(await runCli(['setup-gcp', ...flags])).toBe(0);
      printed = write.mock.calls.map(([text]) => String(text)).join('');
    } finally {
      write.mockRestore();
    }
    const told = JSON.parse(printed) as { readonly steps: readonly { readonly commands: readonly string[] }[] };
    expect(told).toMatchObject({
      project: 'my-project',
      location: 'europe-west3',
      repository: 'kfp',
      registryPath: setup.registryPath,
      fork: setup.fork,
      account: writer,
      by: key ? 'key' : 'workload-identity',
    });
    const script = told.steps.flatMap(({ commands }) => commands).join('\n');
    expect(await calls(script)).toEqual(await calls(setupScript({ ...setup, key })));
  });

  const path = ['--print', '--registry-path', setup.registryPath];
  test.each([
    [[], /Give --print/],
    [['--print'], /registry-path is empty/],
    [['--print', '--registry-path', 'ghcr.io/me/x'], /not a repository of Artifact Registry/],
    [[...path, '--repository', 'a b'], /is not OWNER\/NAME/],
    [[...path, '--repository', 'a/b', '--account', 'X; rm'], /can't be a service account/],
  ])('wrong usage %j', async (flags, why) => {
    const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    try {
      expect(await runCli(['setup-gcp', ...flags])).toBe(2);
      expect(write.mock.calls.map(([text]) => String(text)).join('')).toMatch(why);
    } finally {
      write.mockRestore();
    }
  });
});
