import { expect, it } from 'vitest';
import { openAttachments, type AttachedFile } from '../../../src/oci/attachments';
import { decidePrune } from '../../../src/publish/prune/decide';
import { executePrune } from '../../../src/publish/prune/execute';
import { takeInventory } from '../../../src/publish/prune/inventory';
import { nothingInUse } from '../../../src/publish/prune/rules';
import { storeSet } from '../../../src/publish/setArtifact';
import { putTag } from '../../../src/publish/putTag';
import { commitTag, keyTag, setRepository } from '../../../src/publish/tags';
import { memoryRegistry, Storage } from '../../support/memoryRegistry';
import { commitId, contentKey, pushTinyImage, silent } from '../../support/releaseSets';

/* What is attached stays and goes with what it is attached to: signatures, and what is attached to these. */

const path = 'registry.example/team';
const day = 86_400_000;
const file = (text: string): AttachedFile => ({
  mediaType: 'application/vnd.in-toto+json',
  bytes: Buffer.from(text),
  annotations: { 'in-toto.io/predicate-type': text },
});

it.each([
  ['a list of its own', true],
  ['the fallback tag', false],
])('in a registry with %s', async (_, listsReferrers) => {
  const storage = new Storage({ listsReferrers });
  const registry = memoryRegistry(storage);
  const attachments = openAttachments(registry, { wait: () => Promise.resolve() });
  const attach = async (repository: string, digest: string, text: string): Promise<string> => {
    const subject = await registry.head(repository, digest);
    if (subject === undefined) throw new Error(`no ${digest}`);
    const [put] = await attachments.put(repository, subject, [file(text)]);
    await attachments.confirm(repository, digest);
    return put?.digest ?? '';
  };
  const publish = async (name: string, age: number, content: string): Promise<readonly string[]> => {
    const commit = commitId(name);
    const repository = `${path}/driver`;
    const digest = await pushTinyImage(registry, { repository, content, revision: commit });
    await putTag(registry, { repository, tag: keyTag(contentKey(content)), digest });
    await putTag(registry, { repository, tag: commitTag(commit), digest });
    const images = { driver: { repository, digest, key: contentKey(content) } };
    const created = new Date(Date.now() - age * day).toISOString();
    const sets = setRepository(path);
    await storeSet(registry, sets, commitTag(commit), { version: 1, commit, registryPath: path, images }, created);
    const set = (await registry.head(sets, commitTag(commit)))?.digest ?? '';
    const signature = await attach(repository, digest, `signature ${name}`);
    const countersigned = await attach(repository, signature, `countersignature ${name}`);
    return [digest, set, signature, countersigned, await attach(sets, set, `signature of the set ${name}`)];
  };
  const old = await publish('old', 90, 'a');
  const kept = await publish('new', 1, 'b');
  const rules = { keepLast: 1, keepDays: 30, now: Date.now(), inUse: nothingInUse, unnamed: new Map() };
  const plan = decidePrune(await takeInventory(registry, path), path, rules);
  const outcome = await executePrune(plan, { registry, google: undefined, log: silent });
  expect(outcome.problems).toEqual([]);
  const left = [...storage.manifests.values()].map(({ digest }) => digest);
  for (const digest of kept) expect(left).toContain(digest);
  for (const digest of old) expect(left).not.toContain(digest);
  // Nothing is left over: what stays is what was kept, and the lists of what is attached to it.
  expect(left.filter((digest) => !kept.includes(digest))).toHaveLength(listsReferrers ? 0 : 3);
});
