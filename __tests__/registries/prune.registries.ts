import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAttachments } from '../../src/oci/attachments';
import { digestOf } from '../../src/oci/digest';
import { decidePrune } from '../../src/publish/prune/decide';
import { executePrune } from '../../src/publish/prune/execute';
import { takeInventory } from '../../src/publish/prune/inventory';
import { nothingInUse } from '../../src/publish/prune/rules';
import { storeSet } from '../../src/publish/setArtifact';
import { putTag } from '../../src/publish/putTag';
import { commitTag, keyTag, setRepository } from '../../src/publish/tags';
import { run, type Finished } from '../../src/system/exec';
import type { Descriptor, Registry } from '../../src/types';
import { tempDir, type TempDir } from '../support/engine';
import { testClient } from '../support/registryClient';
import { commitId, contentKey, pushTinyImage, silent } from '../support/releaseSets';
import { makes, type AttachingRegistry } from './makes';

/*
 * What cosign attaches goes and stays with what it is attached to, in every form it has: bundles as referrers and by the fallback tag, the tags
 * of earlier releases (.sig, .att), to images within an index, and to what is attached itself. The images are indexes with an attestation of
 * BuildKit's kind.
 */

const { KFP_IMAGES_COSIGN: program = '' } = process.env;
const day = 86_400_000;
const indexType = 'application/vnd.oci.image.index.v1+json';

describe.skipIf(program === '').each(makes)('%s', (_, start) => {
  let folder: TempDir;
  let server: AttachingRegistry;
  let registry: Registry;

  beforeAll(async () => {
    [folder, server] = await Promise.all([tempDir(), start()]);
    registry = testClient().registry;
    await writeFile(join(folder.path, 'predicate.json'), '{"passed":true}');
    await cosign('generate-key-pair');
  });
  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  const cosign = async (...args: readonly string[]): Promise<Finished> => {
    const env = { COSIGN_PASSWORD: 'of the tests', SIGSTORE_NO_CACHE: 'true' };
    const ended = await run({ command: program, args, cwd: folder.path, env });
    expect(ended.exitCode, `cosign ${args.join(' ')}\n${ended.stderr}`).toBe(0);
    return ended;
  };

  const described = async (repository: string, reference: string): Promise<Descriptor> => {
    const found = await registry.head(repository, reference);
    if (found === undefined) throw new Error(`no ${repository}@${reference}`);
    const { mediaType, digest, size } = found;
    return { mediaType, digest, size };
  };

  /** An index of an image, and of what BuildKit says of it. */
  async function pushIndex(repository: string, content: string): Promise<{ index: string; image: string }> {
    const image = await pushTinyImage(registry, { repository, content, revision: commitId(content) });
    const attestation = await pushTinyImage(registry, {
      repository,
      content: `attestation of ${content}`,
      revision: '',
    });
    const of = {
      platform: { architecture: 'unknown', os: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image },
    };
    const manifests = [
      { ...(await described(repository, image)), platform: { architecture: 'amd64', os: 'linux' } },
      { ...(await described(repository, attestation)), ...of },
    ];
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
    return { index: (await registry.putManifest(repository, digestOf(bytes), indexType, bytes)).digest, image };
  }

  /** A set that is so many days old, with everything that cosign can attach to its image. */
  async function publish(name: string, age: number): Promise<readonly string[]> {
    const commit = commitId(name);
    const repository = `${server.path}/driver`;
    const { index, image } = await pushIndex(repository, name);
    await putTag(registry, { repository, tag: keyTag(contentKey(name)), digest: index });
    await putTag(registry, { repository, tag: commitTag(commit), digest: index });
    const images = { driver: { repository, digest: index, key: contentKey(name) } };
    const sets = setRepository(server.path);
    const created = new Date(Date.now() - age * day).toISOString();
    const lock = { version: 1, commit, registryPath: server.path, images } as const;
    await storeSet(registry, sets, commitTag(commit), lock, created);
    const set = (await described(sets, commitTag(commit))).digest;
    const own = ['--key', 'cosign.key', '--yes', '--use-signing-config=false', '--tlog-upload=false'];
    const custom = ['--type', 'custom', '--predicate', 'predicate.json'];
    await cosign('sign', ...own, '--recursive', `${repository}@${index}`);
    await cosign('attest', ...own, ...custom, `${repository}@${image}`);
    await cosign('sign', ...own, '--new-bundle-format=false', `${repository}@${index}`);
    await cosign('attest', ...own, ...custom, '--new-bundle-format=false', `${repository}@${image}`);
    await cosign('sign', ...own, `${sets}@${set}`);
    // A signature of the signature.
    const [first] = await attachedTo(repository, index);
    await cosign('sign', ...own, `${repository}@${first ?? ''}`);
    return [`${repository}@${index}`, `${repository}@${image}`, `${sets}@${set}`];
  }

  /** Digests of what is attached to one, by the registry's list or the fallback tag. */
  async function attachedTo(repository: string, digest: string): Promise<readonly string[]> {
    return (await openAttachments(registry).list(repository, digest)).map((each) => each.digest);
  }

  /** One and everything that is attached to it, and to that; an index with what it lists. */
  async function closure(reference: string): Promise<readonly string[]> {
    const [repository = '', digest = ''] = reference.split('@');
    const manifest = await registry.manifest(repository, digest);
    const { manifests = [] } = JSON.parse(Buffer.from(manifest?.bytes ?? []).toString()) as {
      readonly manifests?: readonly { readonly digest: string }[];
    };
    const next = [...manifests.map((each) => each.digest), ...(await attachedTo(repository, digest))];
    const legacy = (await registry.tags(repository)).filter((tag) => tag.startsWith(`${digest.replace(':', '-')}.`));
    const tagged = await Promise.all(legacy.map(async (tag) => (await described(repository, tag)).digest));
    const inner = await Promise.all(next.map((each) => closure(`${repository}@${each}`)));
    return [...new Set([reference, ...tagged.map((each) => `${repository}@${each}`), ...inner.flat()])];
  }

  it('what is attached goes and stays with its image and set', async () => {
    const [old, kept] = [await publish('old', 90), await publish('new', 1)];
    const all = async (references: readonly string[]): Promise<readonly string[]> => [
      ...new Set((await Promise.all(references.map(closure))).flat()),
    ];
    const [goes, stays] = [await all(old), await all(kept)];
    // Index, image and attestation, set, three bundles by --recursive, one of the image, of the set and of a bundle, and two of the old kind.
    expect(goes.length).toBeGreaterThanOrEqual(11);
    expect(stays).toHaveLength(goes.length);
    const rules = { keepLast: 1, keepDays: 30, now: Date.now(), inUse: nothingInUse, unnamed: new Map() };
    const plan = decidePrune(await takeInventory(registry, server.path), server.path, rules);
    const outcome = await executePrune(plan, { registry, google: undefined, log: silent });
    expect(outcome.problems).toEqual([]);
    const isThere = async (reference: string): Promise<boolean> => {
      const [repository = '', digest = ''] = reference.split('@');
      return (await registry.head(repository, digest)) !== undefined;
    };
    for (const reference of goes) expect(await isThere(reference), reference).toBe(false);
    for (const reference of stays) expect(await isThere(reference), reference).toBe(true);
    expect(await all(kept)).toEqual(stays);
    const hexes = goes.map((reference) => reference.slice(reference.indexOf(':', reference.indexOf('@')) + 1));
    for (const repository of [`${server.path}/driver`, setRepository(server.path)]) {
      for (const tag of await registry.tags(repository)) {
        const isOld = hexes.some((hex) => tag.includes(hex));
        // Distribution lists the names of tags whose manifest is gone.
        if (isOld) expect(await registry.head(repository, tag), tag).toBeUndefined();
      }
    }
    const flags = ['--key', 'cosign.pub', '--insecure-ignore-tlog'];
    for (const reference of kept) await cosign('verify', ...flags, reference);
  });
});
