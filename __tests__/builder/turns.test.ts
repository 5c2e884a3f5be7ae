import { expect, test } from 'vitest';
import { takeTurns } from '../../src/builder/turns';

test('no more have a turn than may, and they come in their order', async () => {
  const next = takeTurns(2);
  const had: string[] = [];
  const frees = new Map<string, () => void>();
  const take = async (name: string): Promise<void> => {
    const free = await next();
    had.push(name);
    frees.set(name, free);
  };
  const all = Promise.all(['driver', 'launcher', 'apiserver', 'cacheserver'].map(take));
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await settle();
  expect(had).toEqual(['driver', 'launcher']);
  frees.get('launcher')?.();
  // A build tells of itself often, and ends once more.
  frees.get('launcher')?.();
  await settle();
  expect(had).toEqual(['driver', 'launcher', 'apiserver']);
  frees.get('driver')?.();
  await all;
  expect(had).toHaveLength(4);
});
