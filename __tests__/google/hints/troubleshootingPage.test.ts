import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureKinds } from '../../../src/google/hints/hint';

const page = join(__dirname, '..', '..', '..', 'docs', 'troubleshooting.md');

test('every hint’s link leads to a section of the page, and no section is left over', async () => {
  const text = await readFile(page, 'utf8');
  const headings = [...text.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
  expect([...headings].sort()).toEqual([...failureKinds].sort());
});
