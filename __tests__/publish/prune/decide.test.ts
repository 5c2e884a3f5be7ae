import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confirmed, decidePrune } from '../../../src/publish/prune/decide';
import { executePrune } from '../../../src/publish/prune/execute';
import type { StoredManifest } from '../../../src/publish/prune/inventory';
import { nothingInUse } from '../../../src/publish/prune/rules';
import { commitTag, keyTag, rebuildMark, rebuildTag } from '../../../src/publish/tags';
import { silent } from '../../support/releaseSets';
import { bruteForce } from './bruteForce';
import { faultyRegistry, type Fault } from './faultyRegistry';
import { now, registryPath, sample } from './generated';

const names = (deletions: readonly { readonly repository: string; readonly digest: string }[]): readonly string[] =>
  deletions.map(({ repository, digest }) => `${repository}@${digest}`);

describe('what goes', () => {
  test('over a thousand registries: exactly what a brute-force search says', () => {
    let total = 0;
    let kept = 0;
    fc.assert(
      fc.property(sample, ({ inventory, rules }) => {
        const plan = decidePrune(inventory, registryPath, rules);
        expect([...names(plan.deletions)].sort()).toEqual(bruteForce(inventory, registryPath, rules));
        total += plan.deletions.length;
        kept += [...inventory.values()].reduce((sum, { manifests }) => sum + manifests.size, 0) - plan.deletions.length;
      }),
      { numRuns: 1000 },
    );
    // The samples are worth something: much goes, and much stays.
    expect(total).toBeGreaterThan(1000);
    expect(kept).toBeGreaterThan(1000);
  });

  test('nothing that stays leads to what went', () => {
    fc.assert(
      fc.property(sample, ({ inventory, rules }) => {
        const gone = new Set(names(decidePrune(inventory, registryPath, rules).deletions));
        for (const [repository, { manifests }] of inventory) {
          for (const { digest, children, subject, set } of manifests.values()) {
            if (gone.has(`${repository}@${digest}`)) continue;
            for (const other of [...children, ...(subject === undefined ? [] : [subject])]) {
              if (manifests.has(other)) expect(gone.has(`${repository}@${other}`)).toBe(false);
            }
            for (const image of set?.images ?? []) expect(gone.has(`${image.repository}@${image.digest}`)).toBe(false);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a plan that is made twice is the plan; one that is not made again lets nothing go', () => {
    fc.assert(
      fc.property(sample, sample, ({ inventory, rules }, other) => {
        const plan = decidePrune(inventory, registryPath, rules);
        expect(names(confirmed(plan, plan).deletions)).toEqual(names(plan.deletions));
        const again = decidePrune(inventory, registryPath, other.rules);
        const both = new Set(names(again.deletions));
        expect(names(confirmed(plan, again).deletions)).toEqual(
          names(again.deletions).filter((name) => names(plan.deletions).includes(name)),
        );
        expect(names(confirmed(plan, again).deletions).every((name) => both.has(name))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

test('what was rebuilt for a run that cannot be repeated any more goes, what a recent one looks for stays', () => {
  const day = 86_400_000;
  const manifest = (name: string): StoredManifest => ({
    digest: `sha256:${name.padEnd(64, '0')}`,
    blobs: [],
    children: [],
    subject: undefined,
    set: undefined,
    seedMade: undefined,
  });
  const repository = (
    tags: Readonly<Record<string, StoredManifest>>,
  ): { readonly tags: Map<string, string>; readonly manifests: Map<string, StoredManifest> } => ({
    tags: new Map(Object.entries(tags).map(([tag, { digest }]) => [tag, digest])),
    manifests: new Map(Object.values(tags).map((each) => [each.digest, each])),
  });
  const [kept, old, recent] = [manifest('a'), manifest('b'), manifest('c')];
  const [commit, key] = ['1'.repeat(40), '2'.repeat(64)];
  const driver = `${registryPath}/driver`;
  const set = { commit, created: now, images: [{ repository: driver, digest: kept.digest, key }] };
  const marks = [now - 40 * day, now - 40 * day, now - 20 * day].map(rebuildMark);
  const [again = '', gone = '', stays = ''] = marks.map((mark) => rebuildTag(mark, key));
  const inventory = new Map([
    [`${registryPath}/kfp-images-set`, repository({ [commitTag(commit)]: { ...manifest('d'), set } })],
    [
      driver,
      repository({ [commitTag(commit)]: kept, [keyTag(key)]: kept, [again]: kept, [gone]: old, [stays]: recent }),
    ],
  ]);
  const plan = decidePrune(inventory, registryPath, {
    keepLast: 1,
    keepDays: 1,
    now,
    inUse: nothingInUse,
    unnamed: new Map(),
  });
  expect(names(plan.deletions)).toEqual([`${driver}@${old.digest}`]);
  expect(plan.untaggings.map(({ tag }) => tag)).toEqual([again]);
});

describe('carrying it out', () => {
  test('without faults everything planned goes, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(sample, async ({ inventory, rules }) => {
        const plan = decidePrune(inventory, registryPath, rules);
        const { registry, gone } = faultyRegistry(inventory, []);
        const outcome = await executePrune(plan, { registry, google: undefined, log: silent });
        expect(outcome.problems).toEqual([]);
        expect(gone()).toEqual([...names(plan.deletions)].sort());
      }),
      { numRuns: 300 },
    );
  });

  const fault = fc.constantFrom<Fault>('none', 'none', 'none', 'refused', 'lost', 'unsupported');

  test('whatever goes wrong: never more than planned, and no set that is there lacks an image', async () => {
    let damaged = 0;
    await fc.assert(
      fc.asyncProperty(
        sample,
        fc.array(fault, { maxLength: 60 }),
        fc.boolean(),
        async ({ inventory, rules }, faults, isGoogle) => {
          const plan = decidePrune(inventory, registryPath, rules);
          const { registry, gone, tags, remove } = faultyRegistry(inventory, faults);
          const google = {
            deleteVersion: (repository: string, digest: string) => Promise.resolve(void remove(repository, digest)),
            deleteTag: (repository: string, tag: string) => Promise.resolve(void tags.get(repository)?.delete(tag)),
          };
          const outcome = await executePrune(plan, { registry, google: isGoogle ? google : undefined, log: silent });
          const planned = new Set(names(plan.deletions));
          const really = gone();
          expect(really.filter((name) => !planned.has(name))).toEqual([]);
          expect(really).toEqual(expect.arrayContaining([...names(outcome.deleted)]));
          const lost = new Set(really);
          for (const [repository, { manifests }] of inventory) {
            for (const { digest, set } of manifests.values()) {
              if (set === undefined || lost.has(`${repository}@${digest}`)) continue;
              for (const image of set.images) expect(lost.has(`${image.repository}@${image.digest}`)).toBe(false);
            }
          }
          if (outcome.problems.length > 0) damaged += 1;
        },
      ),
      { numRuns: 1000 },
    );
    expect(damaged).toBeGreaterThan(100);
  });

  test('what was tagged since the plan stays', async () => {
    await fc.assert(
      fc.asyncProperty(sample, async ({ inventory, rules }) => {
        const plan = decidePrune(inventory, registryPath, rules);
        const { registry, gone, tags } = faultyRegistry(inventory, []);
        const [first] = plan.deletions.slice(-1);
        if (first === undefined) return;
        tags.get(first.repository)?.set('promoted', first.digest);
        const outcome = await executePrune(plan, { registry, google: undefined, log: silent });
        expect(gone()).not.toContain(`${first.repository}@${first.digest}`);
        expect(outcome.problems.join('\n')).toMatch(/tagged meanwhile/);
      }),
      { numRuns: 200 },
    );
  });

  test('what a run publishes while others go stays, with all that its set names', async () => {
    let met = 0;
    await fc.assert(
      fc.asyncProperty(sample, async ({ inventory, rules }) => {
        const plan = decidePrune(inventory, registryPath, rules);
        const { registry, gone, tags } = faultyRegistry(inventory, []);
        const of = plan.deletions.findLast((each, at) =>
          plan.deletions.some((other, before) => before < at && other.repository === each.repository),
        );
        const isSet = of?.repository.endsWith('/kfp-images-set') === true;
        if (of === undefined || isSet) return;
        // Another goes from the repository first; meanwhile a run takes the last one for its commit.
        const deleteManifest: typeof registry.deleteManifest = (repository, reference) => {
          if (repository === of.repository && reference !== of.digest)
            tags.get(repository)?.set(commitTag('f'.repeat(40)), of.digest);
          return registry.deleteManifest(repository, reference);
        };
        await executePrune(plan, { registry: { ...registry, deleteManifest }, google: undefined, log: silent });
        met += 1;
        expect(gone()).not.toContain(`${of.repository}@${of.digest}`);
      }),
      { numRuns: 200 },
    );
    expect(met).toBeGreaterThan(20);
  });

  test('an interrupt ends it between two deletions', async () => {
    const [one] = fc.sample(
      sample.filter(({ inventory, rules }) => decidePrune(inventory, registryPath, rules).deletions.length > 2),
      1,
    );
    if (one === undefined) throw new Error('no sample');
    const plan = decidePrune(one.inventory, registryPath, one.rules);
    const { registry, gone } = faultyRegistry(one.inventory, []);
    const outcome = await executePrune(plan, { registry, google: undefined, log: silent, signal: AbortSignal.abort() });
    expect(gone()).toEqual([]);
    expect(outcome.problems).toEqual(['Stopped before everything was deleted; run again to go on.']);
  });
});
