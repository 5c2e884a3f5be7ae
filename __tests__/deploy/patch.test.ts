import { describe, expect, test } from 'vitest';
import { patchTo } from '../../src/deploy/patch';
import { isEquivalent, isSame, type Snapshot } from '../../src/deploy/snapshot';

const to = (env: Snapshot['containers'][string]['env'], image?: string): Snapshot => ({
  containers: { main: { ...(image === undefined ? {} : { image }), env } },
  pullSecrets: {},
  annotations: {},
});
const containerOf = (snapshot: Snapshot, order: readonly string[]): { readonly env?: unknown } | undefined => {
  const patch = patchTo(snapshot, { main: order, other: [] }) as {
    spec: { template: { spec: { containers: readonly { name: string; env?: unknown }[] } } };
  };
  expect(patch.spec.template.spec.containers.map(({ name }) => name)).toEqual(['main']);
  return patch.spec.template.spec.containers[0];
};
const envOf = (snapshot: Snapshot, order: readonly string[]): unknown => containerOf(snapshot, order)?.env;

describe('the variables of a patch', () => {
  test('are in their live order, new ones at the end', () => {
    const wanted = to({ V2_DRIVER_IMAGE: { value: 'd' }, NEW: { value: 'n' }, V2_LAUNCHER_IMAGE: { value: 'l' } });
    expect(envOf(wanted, ['V2_LAUNCHER_IMAGE', 'USES_IT', 'V2_DRIVER_IMAGE'])).toEqual([
      { name: 'V2_LAUNCHER_IMAGE', value: 'l', valueFrom: null },
      { name: 'V2_DRIVER_IMAGE', value: 'd', valueFrom: null },
      { name: 'NEW', value: 'n', valueFrom: null },
    ]);
  });

  test('one that occurs twice is deleted and set, so that one is left', () => {
    expect(envOf(to({ X: { value: 'x' } }), ['X', 'Y', 'X'])).toEqual([
      { $patch: 'delete', name: 'X' },
      { name: 'X', value: 'x', valueFrom: null },
    ]);
  });

  test('the whole order is given only where one is new or occurs twice', () => {
    const whole = (names: readonly string[]): object => ({
      '$setElementOrder/env': names.map((name) => ({ name })),
    });
    expect(containerOf(to({ X: { value: 'x' }, NEW: { value: 'n' } }), ['A', 'X', 'B', 'X'])).toMatchObject(
      whole(['A', 'X', 'B', 'NEW']),
    );
    expect(containerOf(to({ X: { value: 'x' }, GONE: null }), ['GONE', 'A', 'X'])).not.toHaveProperty(
      '$setElementOrder/env',
    );
  });

  test('one that is to be gone is deleted, and a reference takes the place of a value', () => {
    expect(envOf(to({ X: null, Y: { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } } }), ['Y', 'X'])).toEqual([
      { name: 'Y', value: null, valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      { $patch: 'delete', name: 'X' },
    ]);
  });
});

test('a digest counts, not the registry before it; a tag counts whole', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const [one, other] = [to({}, `h/p/api@${digest}`), to({}, `mirror/api@${digest}`)];
  expect(isEquivalent(one, other)).toBe(true);
  expect(isSame(one, other)).toBe(false);
  expect(isEquivalent(to({}, 'h/p/api:1'), to({}, 'mirror/api:1'))).toBe(false);
});
