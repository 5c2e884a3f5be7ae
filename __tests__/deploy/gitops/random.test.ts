import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kfpCatalog } from '../../../src/catalog/kfp';
import { editFiles, type EditedFile } from '../../../src/deploy/gitops/edits';
import { wantedImages } from '../../../src/deploy/gitops/wanted';
import { requireWholeSet } from '../../../src/deploy/gitops/wholeSet';
import { DeployError, UsageError } from '../../../src/errors';
import { lockOf } from '../lockOf';
import { randomRepository, type RandomFile } from './randomRepository';
import type { ValueOf } from './randomYaml';

/* `KFP_IMAGES_GITOPS_REPOSITORIES=2000 npx vitest run __tests__/deploy/gitops/random.test.ts` for more of them; a seed each. */
const repositories = Number(process.env['KFP_IMAGES_GITOPS_REPOSITORIES'] ?? 150);

const [old, wanted] = [lockOf('old'), lockOf('new')];
const rules = { images: wantedImages(kfpCatalog, wanted, []), placeholders: [], paths: [] };

const valueOf: ValueOf = ({ slot, part, before }, isNew) => {
  const { repository = '', digest = '' } = (isNew ? wanted : old).images[slot] ?? {};
  if (!isNew && typeof before === 'string') return before;
  return part === 'reference' ? `${repository}@${digest}` : part === 'repository' ? repository : digest;
};

/** Texts that the expected data marks as YAML are read as such; environment files as their pairs. */
function matches(found: unknown, expected: unknown): boolean {
  if (typeof expected === 'object' && expected !== null && 'inner' in expected)
    return typeof found === 'string' && matches(parseAllDocuments(found)[0]?.toJS(), expected.inner);
  if (Array.isArray(expected))
    return (
      Array.isArray(found) &&
      found.length === expected.length &&
      expected.every((each, index) => matches(found[index], each))
    );
  if (typeof expected === 'object' && expected !== null) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return false;
    const [a, b] = [new Map(Object.entries(found)), new Map(Object.entries(expected))];
    return a.size === b.size && [...b].every(([key, each]) => a.has(key) && matches(a.get(key), each));
  }
  return found === expected;
}

function dataOf({ path }: RandomFile, text: string): readonly unknown[] {
  if (path.endsWith('.env')) {
    const lines = text.split(/\r?\n/).filter((line) => /^[A-Z]/.test(line));
    return [
      Object.fromEntries(
        lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1).replaceAll('"', '')]),
      ),
    ];
  }
  const documents = parseAllDocuments(text);
  for (const { errors } of documents) expect(errors, `${path} parses`).toEqual([]);
  return documents.map((document) => document.toJS() as unknown);
}

test(
  `${repositories} random repositories: only the wanted values differ, and no half set goes through`,
  { timeout: 1_800_000 },
  () => {
    const counts = { edited: 0, exact: 0, refused: 0, half: 0 };
    for (let seed = 1; seed <= repositories; seed++) {
      const repository = randomRepository(seed, valueOf);
      if (repository.files.length === 0) continue;
      let made: readonly EditedFile[];
      try {
        made = editFiles(repository.files, rules).files;
        requireWholeSet(made, rules);
      } catch (thrown) {
        if (!(thrown instanceof DeployError) && !(thrown instanceof UsageError)) throw thrown;
        const isExpected = repository.isHalf || repository.mayRefuse;
        expect(
          isExpected,
          `seed ${seed}: ${thrown.message}\n${repository.files.map(({ text }) => text).join('\n=====\n')}`,
        ).toBe(true);
        counts[repository.isHalf ? 'half' : 'refused']++;
        continue;
      }
      expect(repository.isHalf, `seed ${seed} is half a set, and was edited`).toBe(false);
      counts.edited++;
      for (const [index, file] of repository.files.entries()) {
        const after = made[index]?.after ?? '';
        const shown = `seed ${seed}, ${file.path}\n${file.text}\n=====\n${after}`;
        expect(matches(dataOf(file, after), file.expected), shown).toBe(true);
        expect(after.match(/# c\d+/g)?.length ?? 0, shown).toBe(file.comments);
        if (file.exact === undefined) continue;
        expect(after, shown).toBe(file.exact);
        counts.exact++;
      }
    }
    // Most are edited, so that the figures above say something.
    expect(counts.edited, JSON.stringify(counts)).toBeGreaterThan(repositories * 0.6);
    expect(counts.half).toBeGreaterThan(0);
    process.stdout.write(`${repositories} repositories: ${JSON.stringify(counts)}\n`);
  },
);
