import { expect, test } from 'vitest';
import type { Kubectl } from '../../src/deploy/kubectl';
import { readRunSettings } from '../../src/deploy/runSettings';
import { readVariable } from '../../src/deploy/variables';

/* https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables */

const data: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  first: { NAME: 'of first', MULTIUSER: 'true' },
  second: { NAME: 'of second', key: 'by key' },
  empty: {},
};
const kubectl: Kubectl = ({ args }) => {
  const name = args[1]?.replace('configmap/', '') ?? '';
  const failed = (stderr: string) => Promise.resolve({ exitCode: 1, stdout: '', stderr });
  if (name === 'secretive') return failed('Error from server (Forbidden): configmaps "secretive" is forbidden');
  if (!Object.hasOwn(data, name)) return failed(`Error from server (NotFound): configmaps "${name}" not found`);
  const stdout = JSON.stringify({ metadata: { name }, data: data[name] });
  return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
};
const configMap = (name: string, prefix?: string): object => ({
  configMapRef: { name },
  ...(prefix ? { prefix } : {}),
});
const from = (kind: string, name: string) => ({ name: 'NAME', valueFrom: { [kind]: { name, key: 'key' } } });

test.each([
  ['nothing', [], [], 'unset'],
  ['a value', [{ name: 'NAME', value: 'x' }], [], 'x'],
  [
    'the last value',
    [
      { name: 'NAME', value: 'x' },
      { name: 'NAME', value: 'y' },
    ],
    [],
    'y',
  ],
  ['no value', [{ name: 'NAME' }], [configMap('first')], ''],
  ['a value before envFrom', [{ name: 'NAME', value: 'x' }], [configMap('first')], 'x'],
  ['a dollar', [{ name: 'NAME', value: 'a$$(b)' }], [], 'a$(b)'],
  [
    'other variables',
    [{ name: 'NAME', value: '$(HOST)/driver' }],
    [],
    'hidden: it is put together from other variables',
  ],
  ['a key of a ConfigMap', [from('configMapKeyRef', 'second')], [], 'by key'],
  ['a key that is not there', [from('configMapKeyRef', 'first')], [configMap('first')], 'unset'],
  ['a ConfigMap that is not there', [from('configMapKeyRef', 'none')], [], 'unset'],
  [
    'a ConfigMap that may not be read',
    [from('configMapKeyRef', 'secretive')],
    [],
    'hidden: it comes from the ConfigMap secretive, which the user may not read',
  ],
  ['a Secret', [from('secretKeyRef', 's')], [], 'hidden: it comes from the Secret s, which is not read'],
  ['a field', [{ name: 'NAME', valueFrom: { fieldRef: {} } }], [], 'hidden: it comes from a field of the pod'],
  ['the last ConfigMap', [], [configMap('first'), configMap('second'), configMap('empty')], 'of second'],
  ['a ConfigMap with a prefix', [], [configMap('second'), configMap('first', 'X_')], 'of second'],
  [
    'a Secret as a whole',
    [],
    [configMap('first'), { secretRef: { name: 's' } }],
    'hidden: it may come from the Secret s, which is not read',
  ],
  ['a Secret before a ConfigMap that has it', [], [{ secretRef: { name: 's' } }, configMap('first')], 'of first'],
])('%s', async (_, env, envFrom, expected) => {
  const variable = await readVariable(kubectl, { env, envFrom }, 'NAME');
  const words = { text: () => ('text' in variable ? variable.text : ''), unset: () => 'unset' };
  expect(variable.kind === 'hidden' ? `hidden: ${variable.why}` : words[variable.kind]()).toBe(expected);
});

test('what the apiserver takes from ConfigMaps counts as if it stood in the Deployment', async () => {
  const patch = '{"podSpecPatch":"image: x"}';
  const env = ['V2_DRIVER_IMAGE', 'COMPILED_PIPELINE_SPEC_PATCH'].map((name) => ({
    name,
    valueFrom: { configMapKeyRef: { name: 'images', key: name } },
  }));
  const asked: string[] = [];
  const images: Kubectl = (call) => {
    asked.push(call.args[1] ?? '');
    return call.args[1] === 'configmap/images'
      ? Promise.resolve({
          exitCode: 0,
          stdout: JSON.stringify({
            metadata: { name: 'images' },
            data: { V2_DRIVER_IMAGE: 'h/driver:1', COMPILED_PIPELINE_SPEC_PATCH: patch },
          }),
          stderr: '',
        })
      : kubectl(call);
  };
  expect(await readRunSettings(images, { env, envFrom: [configMap('first')] })).toMatchObject({
    set: { driver: ['h/driver:1'], launcher: [] },
    patch,
    multiUser: true,
    notes: [],
  });
  expect(asked.toSorted()).toEqual(['configmap/first', 'configmap/images']);
});
