import { expect } from 'vitest';
import { readCatalog } from '../../src/catalog/parseCatalog';
import { CatalogError, message } from '../../src/errors';

/** Reads a text as the catalog c.yaml, which must fail with a CatalogError, and gives the error's lines. */
export const mistakesOf = async (text: string): Promise<string> => {
  const thrown: unknown = await readCatalog(text, 'c.yaml').then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(thrown).toBeInstanceOf(CatalogError);
  return message(thrown);
};
