import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Inventory, StoredManifest } from '../../../src/publish/prune/inventory';
import type { PruneRules } from '../../../src/publish/prune/rules';
import { candidateTag, commitTag, keepTag, keyTag } from '../../../src/publish/tags';

export const registryPath = 'registry.example/p/r';
export const now = Date.UTC(2026, 10, 23);
const day = 86_400_000;
const images = ['driver', 'launcher', 'apiserver'];

/** A generated registry and the rules to prune it by. */
export interface Sample {
  readonly inventory: Inventory;
  readonly rules: PruneRules;
}

const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const commitOf = (index: number): string => createHash('sha1').update(String(index)).digest('hex');
const keyOf = (image: string, content: number): string => digest(`${image} key ${content}`).slice(7);

/** How one set differs from the plain one. */
const oneSet = fc.record({
  /** Of each image; the same content is the same image, shared between sets. */
  contents: fc.array(fc.nat({ max: 4 }), { minLength: 3, maxLength: 3 }),
  ageInDays: fc.option(fc.nat({ max: 60 })),
  isIndex: fc.boolean(),
  /** Its part has a content key of its own, as a shard's has; an earlier prune noted it, so many days ago. */
  partKey: fc.option(fc.record({ notedDaysAgo: fc.option(fc.nat({ max: 60 })) })),
  hasAttestation: fc.boolean(),
  /** Tags of ours that are missing, as after an interrupted run. */
  lacksCommitTag: fc.boolean(),
  /** Its run moved `latest`, so many hours ago. */
  movedLatest: fc.option(fc.nat({ max: 5 })),
  /** One that wanted to, and gave up. */
  gaveUp: fc.option(fc.nat({ max: 5 })),
  /** An earlier set of the commit, with the first image alone: of the same content, or of another that was rebuilt later. */
  earlier: fc.option(fc.constantFrom('same', 'other')),
  isGone: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

/** Anything that people and other programs do to a repository. */
const extra = fc.record({
  image: fc.constantFrom(...images),
  kind: fc.constantFrom(
    'release tag',
    'moved commit tag',
    'commit without set',
    'key without set',
    'latest',
    'orphan attestation',
    'attached',
  ),
  content: fc.nat({ max: 4 }),
  /** An earlier prune noted what it names, so many days ago. */
  notedDaysAgo: fc.option(fc.nat({ max: 60 })),
});

export const sample: fc.Arbitrary<Sample> = fc
  .record({
    sets: fc.array(oneSet, { maxLength: 7 }),
    extras: fc.array(extra, { maxLength: 5 }),
    keepLast: fc.nat({ max: 4 }),
    keepDays: fc.nat({ max: 40 }),
    latest: fc.option(fc.nat({ max: 6 })),
    running: fc.array(fc.record({ image: fc.constantFrom(...images), content: fc.nat({ max: 4 }) }), { maxLength: 2 }),
    taggedSet: fc.option(fc.nat({ max: 6 })),
  })
  .map(({ sets, extras, keepLast, keepDays, latest, running, taggedSet }) => {
    const store = new Store();
    const unnamed = new Map<string, number>();
    const note = (name: string, daysAgo: number | null): void => {
      if (daysAgo !== null) unnamed.set(name, Math.min(now - daysAgo * day, unnamed.get(name) ?? now));
    };
    const bound = (image: string, content: number): string => digest(`${image} ${content}`);
    for (const [index, set] of sets.entries()) {
      const commit = commitOf(index);
      const listed = images.map((image, at) => {
        const content = set.contents[at] ?? 0;
        const repository = `${registryPath}/${image}`;
        const top = bound(image, content);
        // A part that indexes of the image's other contents list, too.
        store.put(repository, { digest: digest(`${image} part ${content % 2}`) });
        if (set.partKey !== null) {
          const part = digest(`${image} part ${content % 2}`);
          const tag = keyTag(digest(`${part} key`).slice(7));
          store.tag(repository, tag, part);
          note(`${repository}:${tag}@${part}`, set.partKey.notedDaysAgo);
        }
        store.put(repository, { digest: digest(`${image} unbound ${content}`) });
        store.put(repository, { digest: top, children: set.isIndex ? [digest(`${image} part ${content % 2}`)] : [] });
        store.tag(repository, keyTag(keyOf(image, content)), digest(`${image} unbound ${content}`));
        if (!set.lacksCommitTag) store.tag(repository, commitTag(commit), top);
        if (set.hasAttestation) {
          store.put(repository, { digest: digest(`attestation of ${top}`), subject: top });
          store.tag(repository, top.replace(':', '-'), digest(`attestation of ${top}`));
        }
        return { repository, digest: top, key: keyOf(image, content) };
      });
      const at = `${registryPath}/kfp-images-set`;
      const own = digest(`set ${commit}`);
      if (set.isGone) continue;
      const created = set.ageInDays === null ? undefined : now - set.ageInDays * day - index;
      store.put(at, { digest: own, set: { commit, created, images: listed } });
      store.tag(at, commitTag(commit), own);
      const hoursAgo = (hours: number): number => now - hours * 3_600_000;
      if (set.movedLatest !== null) store.tag(at, candidateTag(hoursAgo(set.movedLatest), commit, false), own);
      if (set.gaveUp !== null) {
        store.put(at, { digest: digest('withdrawn') });
        store.tag(at, candidateTag(hoursAgo(set.gaveUp) + 1, commit, false), digest('withdrawn'));
      }
      const [first] = listed;
      if (set.earlier !== null && first !== undefined) {
        const before = set.earlier === 'same' ? first.digest : digest(`built before ${commit}`);
        if (set.earlier === 'other') {
          store.put(first.repository, { digest: before });
          store.tag(first.repository, keepTag(before), before);
        }
        const earlier = digest(`earlier set ${commit}`);
        store.put(at, { digest: earlier, set: { commit, created, images: [{ ...first, digest: before }] } });
        store.tag(at, keepTag(earlier), earlier);
      }
      if (latest === index) store.tag(at, 'latest', own);
      if (taggedSet === index) store.tag(at, 'v1', own);
    }
    for (const { image, kind, content, notedDaysAgo } of extras) {
      const repository = `${registryPath}/${image}`;
      const target = bound(image, content);
      if (kind === 'attached') {
        store.put(repository, { digest: digest(`signature of ${target}`), subject: target });
        store.tag(repository, 'signature', digest(`signature of ${target}`));
      } else if (kind === 'orphan attestation') {
        store.put(repository, { digest: digest('orphan'), subject: digest('nowhere') });
        store.tag(repository, digest('nowhere').replace(':', '-'), digest('orphan'));
      } else {
        const tags = {
          'release tag': 'v1.2.3',
          'moved commit tag': commitTag(commitOf(content)),
          'commit without set': commitTag(commitOf(100 + content)),
          'key without set': keyTag(keyOf('other', content)),
          latest: 'latest',
        };
        store.put(repository, { digest: target });
        store.tag(repository, tags[kind], target);
        note(`${repository}:${tags[kind]}@${target}`, notedDaysAgo);
      }
    }
    const digests = new Set(running.map(({ image, content }) => bound(image, content)));
    return {
      inventory: store.inventory(),
      rules: { keepLast, keepDays, now, inUse: { digests, tags: new Set<string>() }, unnamed },
    };
  });

class Store {
  private readonly repositories = new Map<
    string,
    { readonly tags: Map<string, string>; readonly manifests: Map<string, StoredManifest> }
  >();

  put(repository: string, manifest: Partial<StoredManifest> & { readonly digest: string }): void {
    const { manifests } = this.at(repository);
    const known = manifests.get(manifest.digest);
    const blobs = [
      { digest: manifest.digest, size: 10 },
      { digest: digest(`${repository} layer`), size: 1000 },
    ];
    manifests.set(manifest.digest, {
      blobs,
      subject: undefined,
      seedMade: undefined,
      set: undefined,
      ...known,
      ...manifest,
      // The bytes decide what an index lists: the first who put it.
      children: known?.children ?? manifest.children ?? [],
    });
  }

  tag(repository: string, tag: string, at: string): void {
    this.at(repository).tags.set(tag, at);
  }

  inventory(): Inventory {
    return this.repositories;
  }

  private at(repository: string) {
    const found = this.repositories.get(repository) ?? {
      tags: new Map<string, string>(),
      manifests: new Map<string, StoredManifest>(),
    };
    this.repositories.set(repository, found);
    return found;
  }
}
