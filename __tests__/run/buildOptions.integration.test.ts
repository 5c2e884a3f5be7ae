import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture, run } from '../../src/system/exec';
import { detectBuilder } from '../../src/builder/builder';
import { docker } from '../support/engine';
import { ensureGoImage, goImage, serveModule, type ModuleServer } from './privateModules';
import { filesWithTraces, tracesIn, watchArguments } from './secretTraces';
import { blobOf, createWorld, json, kfpImages, manifestOf, step, tagsOf, type World } from './world';

/* What the catalog gives a build beside its files, through the bundle, with a real engine. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const labelsOf = async (image: string): Promise<Readonly<Record<string, string>>> => {
  const { manifest } = await manifestOf(world.registry, image, 'latest');
  const config = (await blobOf(world.registry, image, manifest.config.digest)) as {
    readonly config: { readonly Labels: Record<string, string> };
  };
  return config.config.Labels;
};

describe('private Go modules', () => {
  const password = 'pa55-of-the-module-server';
  const module = { path: 'modules.corp.example/secret/greeting', version: 'v1.2.3', user: 'ci', password };
  const netrc = `machine modules.corp.example login ${module.user} password ${password}`;
  const env = { GO_PRIVATE_HOST: 'modules.corp.example' };
  let inputs: Readonly<Record<string, string>>;
  let server: ModuleServer;

  beforeAll(async () => {
    await ensureGoImage();
    const folder = join(world.folder.path, 'module');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'go.mod'), `module ${module.path}\n\ngo 1.21\n`);
    await writeFile(join(folder, 'greeting.go'), 'package greeting\n\nconst Text = "from the private module"\n');
    const zip = await zipped(folder, `${module.path}@${module.version}`);
    server = await serveModule({ ...module, zip });
    const authority = join(world.folder.path, 'authority.pem');
    await writeFile(authority, server.certificate);
    inputs = { secrets: `netrc=${netrc}`, 'secret-files': `authority=${authority}` };
  });
  afterAll(() => server.close());

  it('are built with a secret mount, GOPRIVATE and the hosts of a catalog, and the secret stays secret', async () => {
    await world.fork.commit('Take a private module [greeter]', {
      'greeter/go.mod': `module example.org/greeter\n\ngo 1.21\n\nrequire ${module.path} ${module.version}\n`,
      'greeter/main.go': `// Build ${randomUUID()}: no engine has its layers.\npackage main\n\nimport "${module.path}"\n\nfunc main() { println(greeting.Text) }\n`,
      'greeter/Dockerfile': [
        `FROM ${goImage} AS builder`,
        'ENV PATH=/usr/local/go/bin:/bin GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 GONOSUMDB=*',
        'ARG GOPRIVATE',
        'ENV SSL_CERT_FILE=/run/secrets/authority',
        'WORKDIR /src',
        'COPY . .',
        'RUN --mount=type=secret,id=authority --mount=type=secret,id=netrc,target=/root/.netrc,required=true \\',
        '  cat /root/.netrc && go build -p 1 -o /greeter .',
        'FROM scratch',
        'COPY --from=builder /greeter /greeter',
      ].join('\n'),
      'kfp-images.yaml': `version: 1
images:
  greeter:
    dockerfile: greeter/Dockerfile
    context: greeter
    inputs: { go: ./greeter }
    buildArgs: { GOPRIVATE: '{{env.GO_PRIVATE_HOST}}' }
    secrets: [netrc, authority]
    network: host
    addHosts: { modules.corp.example: ${server.address} }
`,
    });
    const without = await step(world, { env });
    expect(without.exitCode).toBe(2);
    expect(without.stdout).toContain('the secret netrc is not given; give it with the input secrets (netrc=VALUE)');

    // A build lives for seconds; looking more often would only keep the machine busy.
    const watching = watchArguments(250);
    const result = await step(world, { inputs, env });
    const args = await watching.stop();
    expect(result.exitCode, result.stdout).toBe(0);
    expect(json(result, 'built')).toEqual(['greeter']);
    expect(server.asked.some(({ path, status }) => path.endsWith('.zip') && status === 200)).toBe(true);

    const forms = [password, Buffer.from(password).toString('base64')];
    // The build wrote it to its log, and nobody reads it there.
    expect(result.stdout).toContain('***');
    expect(tracesIn(result.stdout, forms)).toEqual([]);
    expect(tracesIn(result.summary + JSON.stringify(result.outputs), forms)).toEqual([]);
    expect([...args].filter((each) => tracesIn(each, forms).length > 0)).toEqual([]);
    expect(await filesWithTraces(world.registry.dataDir, forms)).toEqual([]);
  });

  it('of a secret the name counts, and never the value', async () => {
    // Another value is no change, another name is one.
    const again = await step(world, { inputs: { ...inputs, secrets: 'netrc=something else' }, env });
    expect(json(again, 'reused')).toEqual(['greeter']);
    const explained = await kfpImages(world.fork.directory, ['plan', '--images', 'greeter', '--explain'], { env });
    expect(explained.stdout).toContain('  secret netrc\n');
    expect(explained.stdout).toContain('  arg GOPRIVATE=modules.corp.example\n');
    await world.fork.commit('Name it otherwise', {
      'kfp-images.yaml': (await readFile(join(world.fork.directory, 'kfp-images.yaml'), 'utf8')).replace(
        'secrets: [netrc, authority]',
        'secrets: [netrc, authority, other]',
      ),
    });
    const changed = await kfpImages(world.fork.directory, ['plan', '--images', 'greeter', '--since', 'HEAD~1'], {
      env,
    });
    expect(changed.stdout).toContain('secret other changed since HEAD~1');
  });
});

describe('what a catalog gives a build', () => {
  it('reaches docker: contexts, labels, limits, hosts; and what went in counts', async () => {
    await world.fork.commit('Build it all [web]', {
      'web/Dockerfile': [
        'FROM kfp-images-demo/alpine:3.21 AS files',
        'COPY --from=shared text.txt /text.txt',
        'RUN grep -q "10.1.2.3.*mirror.corp" /etc/hosts && [ "$(ulimit -n)" = 1234 ] && df -k /dev/shm | grep -q 131072',
        'RUN --mount=type=secret,id=token [ "$(cat /run/secrets/token)" = from-a-file ]',
        'FROM files',
        'ENV DONE=yes',
      ].join('\n'),
      'libs/shared/text.txt': 'shared\n',
      'kfp-images.yaml': `version: 1
images:
  web:
    dockerfile: web/Dockerfile
    context: web
    buildContexts: { shared: ./libs/shared }
    labels: { com.example.team: ml, com.example.commit: 'of {{short_sha}}' }
    secrets: [token]
    addHosts: { mirror.corp: 10.1.2.3 }
    ulimits: { nofile: '1234:1234' }
    shmSize: 128m
`,
    });
    const file = join(world.folder.path, 'a token');
    await writeFile(file, 'from-a-file');
    const inputs = { 'secret-files': `token=${file}` };
    const result = await step(world, { inputs });
    expect(result.exitCode, result.stdout).toBe(0);
    const short = (await world.fork.git('rev-parse', 'HEAD')).slice(0, 7);
    expect(await labelsOf('web')).toMatchObject({ 'com.example.team': 'ml', 'com.example.commit': `of ${short}` });

    await world.fork.commit('Change the library', { 'libs/shared/text.txt': 'shared again\n' });
    const plan = await kfpImages(world.fork.directory, ['plan', '--images', 'web', '--since', 'HEAD~1']);
    expect(plan.stdout).toContain('libs/shared/text.txt changed since HEAD~1');
  });

  it('writes files and loads images where that is asked for', async () => {
    const args = ['build', '--images', 'web', '--push=false', '--secret-envs', 'token=TOKEN'];
    const refused = await kfpImages(world.fork.directory, [
      ...args.filter((each) => each !== '--push=false'),
      ...['--outputs', 'type=oci,dest={{image}}.tar', '--registry-path', world.registry.path],
    ]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('Give push: false with it');
    const dest = join(world.folder.path, '{{image}}-{{short_sha}}.tar');
    const env = { TOKEN: 'from-a-file' };
    const { store } = await detectBuilder();
    const written = await kfpImages(world.fork.directory, [...args, '--outputs', `type=docker,dest=${dest}`], { env });
    if (store === 'classic') {
      expect(written.exitCode, written.stderr).toBe(1);
      expect(written.stderr).toContain("This engine's classic image store can't write images to files");
      return;
    }
    expect(written.exitCode, written.stderr).toBe(0);
    const short = (await world.fork.git('rev-parse', 'HEAD')).slice(0, 7);
    const listed = await run({ command: 'tar', args: ['tf', dest.replace('{{image}}-{{short_sha}}', `web-${short}`)] });
    expect(listed.stdout).toContain('manifest.json');
  });

  const env = { TOKEN: 'from-a-file' };
  const inputs = { 'secret-envs': 'token=TOKEN', images: 'web', tags: 'v{{version}},pr-{{pr}},day-{{date}}' };

  it('loads what it pushed where that is asked for, and tags by what the run has', async () => {
    const result = await step(world, { inputs: { ...inputs, load: 'true' }, env });
    expect(result.exitCode, result.stdout).toBe(0);
    const sha = await world.fork.git('rev-parse', 'HEAD');
    expect(await docker(['image', 'ls', '--quiet', `${world.registry.path}/web:commit-${sha}`])).not.toBe('');
    const tags = await tagsOf(world.registry, 'web');
    expect(tags.filter((tag) => /^(v|pr-|day-)/.test(tag))).toEqual([expect.stringMatching(/^day-\d{8}$/)]);
  });

  it('a plan leaves the summary to the build where that is asked for', async () => {
    const planned = { inputs: { ...inputs, 'dry-run': 'true' }, env };
    expect((await step(world, planned)).summary).toContain('web');
    const left = await step(world, { ...planned, env: { ...env, KFP_IMAGES_NO_SUMMARY: 'true' } });
    expect(left.exitCode, left.stdout).toBe(0);
    expect(left.summary).toBe('');
  });

  it('rebuilds without any cache, though the registry has it', async () => {
    const result = await step(world, { ref: 'refs/tags/v1.2.3', env, inputs: { ...inputs, 'no-cache': 'true' } });
    expect(result.exitCode, result.stdout).toBe(0);
    expect(json(result, 'built')).toEqual(['web']);
    expect(result.stdout).not.toMatch(/cached step/i);
    expect(await tagsOf(world.registry, 'web')).toContain('v1.2.3');
  });

  it('forwards an agent, and annotates the manifest where the image store can', async () => {
    const { store } = await detectBuilder();
    const annotations = store === 'classic' ? '' : '    annotations: { com.example.team: ml }\n';
    await world.fork.commit('Ask the agent [signer]', {
      'signer/Dockerfile': `FROM kfp-images-demo/alpine:3.21\nRUN --mount=type=ssh,required=true [ -S "$SSH_AUTH_SOCK" ]\nENV ID=${randomUUID()}\n`,
      'kfp-images.yaml': `version: 1\nimages:\n  signer:\n    dockerfile: signer/Dockerfile\n    context: signer\n    ssh: [default]\n${annotations}`,
    });
    // That there is one is all that is asked; nothing speaks to it.
    const socket = join(world.folder.path, 'agent.sock');
    const agent = createServer().listen(socket);
    const without = await step(world, {});
    expect(without.exitCode).toBe(2);
    expect(without.stdout).toMatch(/signer.*ssh/);
    const result = await step(world, { inputs: { ssh: 'default' }, env: { SSH_AUTH_SOCK: socket } });
    agent.close();
    expect(result.exitCode, result.stdout).toBe(0);
    const { manifest } = await manifestOf(world.registry, 'signer', 'latest');
    const { annotations: written = {} } = manifest as { readonly annotations?: Readonly<Record<string, string>> };
    expect(written['com.example.team']).toBe(store === 'classic' ? undefined : 'ml');
  });
});

/** A module's zip as the proxy protocol has it: https://go.dev/ref/mod#zip-files */
async function zipped(folder: string, prefix: string): Promise<Buffer> {
  const git = async (...args: readonly string[]): Promise<Buffer> => {
    const { exitCode, stdout, stderr } = await capture({ command: 'git', args, cwd: folder });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  };
  await git('init', '--quiet');
  await git('add', '.');
  const tree = (await git('write-tree')).toString('utf8').trim();
  return git('archive', '--format=zip', `--prefix=${prefix}/`, tree);
}
