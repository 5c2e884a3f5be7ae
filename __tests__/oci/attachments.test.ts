import { expect, it } from 'vitest';
import { PublishError } from '../../src/errors';
import { openAttachments as open, type AttachedFile, type Attachments } from '../../src/oci/attachments';
import { fallbackTag } from '../../src/oci/fallbackLists';
import type { Descriptor, Registry } from '../../src/types';
import { memoryRegistry, Storage, type MemoryOptions } from '../support/memoryRegistry';
import { pushTinyImage } from '../support/releaseSets';

const repository = 'registry.example/team/driver';
const file = (text: string): AttachedFile => ({
  mediaType: 'application/vnd.in-toto+json',
  bytes: Buffer.from(text),
  annotations: { 'in-toto.io/predicate-type': text },
});

/** Its clock stands still, and nobody waits. */
const openAttachments = (registry: Registry, emptyAt?: string): Attachments =>
  open(registry, { now: () => 0, wait: () => Promise.resolve(), ...(emptyAt === undefined ? {} : { emptyAt }) });

/** What is awaited, and what ends that. */
function signal(): readonly [Promise<void>, () => void] {
  let end = (): void => undefined;
  const awaited = new Promise<void>((resolve) => {
    end = resolve;
  });
  return [awaited, () => end()];
}

async function attach(attachments: Attachments, subject: Descriptor, ...files: readonly AttachedFile[]): Promise<void> {
  await attachments.put(repository, subject, files);
  await attachments.confirm(repository, subject.digest);
}

/** A registry with one image, and what it holds. */
async function start(
  options: MemoryOptions = {},
): Promise<{ storage: Storage; registry: Registry; subject: Descriptor }> {
  const storage = new Storage(options);
  const registry = memoryRegistry(storage);
  const digest = await pushTinyImage(registry, { repository, content: 'a', revision: 'a'.repeat(40) });
  const subject = await registry.head(repository, digest);
  if (subject === undefined) throw new Error('the image is not there');
  return { storage, registry, subject };
}

it.each<readonly [string, MemoryOptions]>([
  ['a list of its own', { listsReferrers: true }],
  ['the fallback tag', {}],
  ['no artifacts, only images', { imagesOnly: true }],
])('in a registry with %s, several files are attached one after the other, and read again', async (_, options) => {
  const { registry, subject, storage } = await start(options);
  const attachments = openAttachments(registry);
  expect(await attachments.list(repository, subject.digest)).toEqual([]);
  await attach(attachments, subject, file('one'));
  await attach(attachments, subject, file('two'), file('three'));
  const listed = await openAttachments(registry).list(repository, subject.digest);
  const texts = await Promise.all(
    listed.map(async ({ digest }) => Buffer.from((await attachments.read(repository, digest))?.bytes ?? []).toString()),
  );
  expect(texts.sort()).toEqual(['one', 'three', 'two']);
  expect(listed.map(({ annotations }) => annotations['in-toto.io/predicate-type']).sort()).toEqual(texts);
  expect(storage.tags.has(`${repository}:${fallbackTag(subject.digest)}`)).toBe(options.listsReferrers !== true);
});

it('what others attached stays in the list as it is', async () => {
  const { registry, subject } = await start();
  const other = { mediaType: 'x/y', digest: `sha256:${'1'.repeat(64)}`, size: 7, annotations: { a: 'b' }, more: [1] };
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [other] };
  const tag = fallbackTag(subject.digest);
  await registry.putManifest(repository, tag, index.mediaType, Buffer.from(JSON.stringify(index)));
  await attach(openAttachments(registry), subject, file('one'));
  const stored = await registry.manifest(repository, tag);
  const { manifests } = JSON.parse(Buffer.from(stored?.bytes ?? []).toString()) as {
    readonly manifests: readonly unknown[];
  };
  expect(manifests).toHaveLength(2);
  expect(manifests[0]).toEqual(other);
});

it('a list that another run put over ours is put again, with what both attached', async () => {
  const { registry, subject } = await start();
  const tag = fallbackTag(subject.digest);
  const theirs = openAttachments(registry);
  let times = 0;
  const racing = openAttachments({
    ...registry,
    putManifest: async (...args) => {
      const put = await registry.putManifest(...args);
      // They read before we wrote, and write after.
      if (args[1] === tag && times++ === 0) {
        await registry.deleteManifest(repository, tag);
        await attach(theirs, subject, file('theirs'));
      }
      return put;
    },
  });
  await attach(racing, subject, file('ours'));
  const listed = await racing.list(repository, subject.digest);
  expect(listed.map(({ annotations }) => annotations['in-toto.io/predicate-type']).sort()).toEqual(['ours', 'theirs']);
});

it('a list that was read long ago is read again before ours is put on it', async () => {
  const { registry, subject } = await start();
  let now = 0;
  const slow = open(registry, { now: () => now, wait: () => Promise.resolve() });
  expect(await slow.list(repository, subject.digest)).toEqual([]);
  await attach(openAttachments(registry), subject, file('theirs'));
  now = 301;
  await attach(slow, subject, file('ours'));
  expect(await slow.list(repository, subject.digest)).toHaveLength(2);
});

it('what was put is read back only after all who had read the list before have put theirs', async () => {
  const { registry, subject } = await start();
  const waits: number[] = [];
  const wait = (milliseconds: number): Promise<void> => (waits.push(milliseconds), Promise.resolve());
  const attachments = open(registry, { now: () => 0, wait });
  // The one who reads a list may put his until this long after.
  const late = openAttachments(registry);
  await late.list(repository, subject.digest);
  await attachments.put(repository, subject, [file('ours')]);
  await attach(late, subject, file('theirs'));
  expect(await attachments.list(repository, subject.digest)).toHaveLength(1);
  await attachments.confirm(repository, subject.digest);
  // Both times, ours and what was put again.
  expect(waits.filter((ms) => ms > 500)).toHaveLength(2);
  expect(await openAttachments(registry).list(repository, subject.digest)).toHaveLength(2);
});

it('what another run put and read back while a PUT of ours was under way is listed again after it', async () => {
  const { registry, subject } = await start();
  const tag = fallbackTag(subject.digest);
  const [isUnderWay, reached] = signal();
  const [mayLand, land] = signal();
  const [isTimeToLook, look] = signal();
  let puts = 0;
  const slow: Registry = {
    ...registry,
    putManifest: async (...args) => {
      if (args[1] === tag && puts++ === 0) {
        reached();
        await mayLand;
      }
      return registry.putManifest(...args);
    },
    manifest: async (...args) => {
      const found = await registry.manifest(...args);
      // The registry carries the first one out as soon as it was looked at meanwhile.
      if (args[1] === tag && puts === 1) land();
      return found;
    },
  };
  let waits = 0;
  const ours = open(slow, { now: () => 0, wait: () => (waits++ === 0 ? isTimeToLook : new Promise(() => undefined)) });
  const putting = ours.put(repository, subject, [file('ours')]);
  await isUnderWay;
  await attach(openAttachments(registry), subject, file('theirs'));
  look();
  await putting;
  const listed = await openAttachments(registry).list(repository, subject.digest);
  expect(listed.map(({ annotations }) => annotations['in-toto.io/predicate-type']).sort()).toEqual(['ours', 'theirs']);
  expect(puts).toBe(2);
});

it('a PUT that is repeated is not one of a list that another run has changed since', async () => {
  const { registry, subject } = await start();
  const tag = fallbackTag(subject.digest);
  let puts = 0;
  const failing: Registry = {
    ...registry,
    putManifest: async (at, reference, mediaType, bytes, beforeRepeat) => {
      if (reference === tag && puts++ === 0) {
        // The first attempt fails; before the second, another run attaches.
        await attach(openAttachments(registry), subject, file('theirs'));
        await beforeRepeat?.();
      }
      return registry.putManifest(at, reference, mediaType, bytes, beforeRepeat);
    },
  };
  await openAttachments(failing).put(repository, subject, [file('ours')]);
  const listed = await openAttachments(registry).list(repository, subject.digest);
  expect(listed.map(({ annotations }) => annotations['in-toto.io/predicate-type']).sort()).toEqual(['ours', 'theirs']);
});

it('a registry that takes what is attached and does not list it is not believed', async () => {
  const { registry, subject } = await start();
  const silent = openAttachments({ ...registry, referrers: () => Promise.resolve([]) });
  await expect(attach(silent, subject, file('one'))).rejects.toThrow(/does not list it/);
  const forgetful = openAttachments({
    ...registry,
    manifest: async (at, reference) =>
      reference === fallbackTag(subject.digest) ? undefined : registry.manifest(at, reference),
  });
  await expect(attach(forgetful, subject, file('one'))).rejects.toThrow(/was put 5 times/);
});

it('what is at the tag and is not a list is left alone, and reported', async () => {
  const { registry, subject } = await start();
  const tag = fallbackTag(subject.digest);
  const bytes = Buffer.from('{"schemaVersion":2,"config":{}}');
  const { digest } = await registry.putManifest(repository, tag, 'application/vnd.oci.image.manifest.v1+json', bytes);
  const attached = attach(openAttachments(registry), subject, file('one'));
  await expect(attached).rejects.toThrow(PublishError);
  await expect(attached).rejects.toThrow(/is not a list of them/);
  expect((await registry.head(repository, tag))?.digest).toBe(digest);
});
