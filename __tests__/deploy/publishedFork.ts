import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bindImage } from '../../src/builder/bindImage';
import { kfpCatalog } from '../../src/catalog/kfp';
import { createRegistry } from '../../src/oci/client';
import { digestOf } from '../../src/oci/digest';
import { storeSet } from '../../src/publish/setArtifact';
import { putTag } from '../../src/publish/putTag';
import { commitTag, setRepository } from '../../src/publish/tags';
import { run } from '../../src/system/exec';
import type { LockedImage, LockFile } from '../../src/types';
import { dockerConfig, type TestRegistry } from '../support/registry';

/** A fork of three commits, of which the first two have a release set in a registry. */
export interface PublishedFork {
  readonly directory: string;
  readonly commits: readonly string[];
  /** The login to the registry, and who commits. */
  readonly env: Readonly<Record<string, string>>;
  readonly git: (...args: readonly string[]) => Promise<string>;
  /** Publishes the set of a commit (again). */
  publish(commit: string): Promise<LockFile>;
}

/** Makes one in a folder. */
export async function createPublishedFork(registry: TestRegistry, folder: string): Promise<PublishedFork> {
  const config = await mkdtemp(join(folder, 'docker-'));
  const env = {
    DOCKER_CONFIG: await dockerConfig(registry, config),
    GIT_CONFIG_GLOBAL: join(config, 'gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
  };
  const person = '[user]\n\tname = Dana\n\temail = dana@example.com\n[init]\n\tdefaultBranch = main\n';
  await writeFile(env.GIT_CONFIG_GLOBAL, person);
  const directory = join(folder, 'fork');
  await mkdir(directory);
  const git = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run({ command: 'git', args, cwd: directory, env });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  await git('init', '--quiet');
  const commits: string[] = [];
  for (const message of ['one', 'two', 'not built']) {
    await git('commit', '--quiet', '--allow-empty', '--message', message);
    commits.push(await git('rev-parse', 'HEAD'));
  }
  const publish = (commit: string): Promise<LockFile> => publishSet(registry, commit);
  for (const commit of commits.slice(0, 2)) await publish(commit);
  return { directory, commits, env, git, publish };
}

/** Images without layers, bound to each other; gives the set. */
async function publishSet(registry: TestRegistry, commit: string): Promise<LockFile> {
  const silent = (): undefined => undefined;
  const client = createRegistry({
    login: () => Promise.resolve({ username: registry.username, password: registry.password }),
    log: { debug: silent, info: silent, warning: silent, error: silent },
  });
  const images = new Map<string, LockedImage>();
  for (const { name, bind } of kfpCatalog.images.values()) {
    const repository = `${registry.path}/${name}`;
    const config = Buffer.from(
      JSON.stringify({
        os: 'linux',
        architecture: 'amd64',
        config: { Env: ['PATH=/bin'], Labels: { commit, name } },
        rootfs: { type: 'layers', diff_ids: [] },
      }),
    );
    const described = await client.putBlob(repository, 'application/vnd.oci.image.config.v1+json', config);
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config: described, layers: [] }));
    const unbound = await client.putManifest(repository, digestOf(manifest), mediaType, manifest);
    const variables = Object.entries(bind).map(([variable, bound]) => {
      const other = images.get(bound);
      return [variable, `${other?.repository ?? ''}@${other?.digest ?? ''}`] as const;
    });
    const env = Object.fromEntries(variables);
    const { digest } = variables.length === 0 ? unbound : await bindImage(client, repository, unbound.digest, env);
    await putTag(client, { repository, tag: commitTag(commit), digest });
    images.set(name, { repository, digest, key: createHash('sha256').update(digest).digest('hex') });
  }
  const lock: LockFile = { version: 1, commit, registryPath: registry.path, images: Object.fromEntries(images) };
  await storeSet(client, setRepository(registry.path), commitTag(commit), lock, '2026-11-23T08:00:00Z');
  return lock;
}
