import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { lockOf, referenceOf } from '../lockOf';
import {
  after,
  api,
  byHand,
  digestOf,
  driver,
  edited,
  launcher,
  lock,
  newVariables,
  next,
  old,
  registryPath,
  variables,
  zero,
} from './written';

/* Files of other formats, objects in other shapes, aliases, and what is refused. */

describe('environment files and others', () => {
  const env = '# images\r\nexport IMAGES_APISERVER=API\r\nIMAGES_DRIVER = "DRV" # kept\r\nIMAGES_LAUNCHER=LCH\r\n';

  test('the same command works for each set', () => {
    const set = ['API=apiserver', 'DRV=driver', 'LCH=launcher'];
    const once = after(env, { set }, 'params.env');
    expect(once).toBe(
      byHand(env, [
        ['=API', `=${api}`],
        ['"DRV"', `"${driver}"`],
        ['=LCH', `=${launcher}`],
      ]),
    );
    expect(after(once, { set, lock: next }, 'params.env')).toBe(
      byHand(
        once,
        ['apiserver', 'driver', 'launcher'].map((name) => [referenceOf(lock, name), referenceOf(next, name)] as const),
      ),
    );
  });

  test('by key; a key that occurs twice is refused', () => {
    const value = ['IMAGES_APISERVER=apiserver', 'IMAGES_DRIVER=driver', 'IMAGES_LAUNCHER=launcher'];
    expect(after(env, { value }, 'params.env')).toContain(`IMAGES_DRIVER = "${driver}" # kept\r\n`);
    expect(() => after(`${env}IMAGES_DRIVER=x\n`, { value }, 'params.env')).toThrow(/twice/);
  });

  test('a block of them in a ConfigMap beside a plain value', () => {
    const text = `kind: ConfigMap\ndata:\n  params.env: |\n    IMAGES_APISERVER=${old('apiserver')}\n    IMAGES_DRIVER=${old('driver')}\n  launcher: ${old('launcher')}\n`;
    expect(after(text)).toBe(byHand(text, [[old('apiserver'), api], ...newVariables]));
  });

  test('Terraform variables', () => {
    const text = `images = {\n  api      = "${old('apiserver')}" # kept\n  driver   = "${old('driver')}"\n  launcher = "LAUNCHER"\n}\n`;
    const set = ['LAUNCHER=launcher'];
    const once = after(text, { set }, 'kfp.tfvars');
    expect(once).toBe(
      byHand(text, [
        [old('apiserver'), api],
        [old('driver'), driver],
        ['"LAUNCHER"', `"${launcher}"`],
      ]),
    );
    expect(after(once, { set, lock: next }, 'kfp.tfvars')).toContain(referenceOf(next, 'launcher'));
  });

  test('--set on a repository takes its tag or digest with it', () => {
    const text = `a: R/m/driver@${zero}\nb: R/m/launcher:v1\nc: R/m/api\nd: R/m/driver-x:1\n`;
    const set = ['R/m/driver=driver', 'R/m/launcher=launcher', 'R/m/api=apiserver'];
    expect(after(text, { set })).toBe(`a: ${driver}\nb: ${launcher}\nc: ${api}\nd: R/m/driver-x:1\n`);
  });

  test('a text that is only a part of a value is refused', () => {
    expect(() => edited({ 'a.yaml': 'a: ghcr.io/x/API-server\n' }, { set: ['API=apiserver'] })).toThrow(
      /only as a part of a longer value/,
    );
  });

  test('a file that does not parse is refused', () => {
    expect(() => edited({ 'a.yaml': `a: ${old('cacheserver')}\na: 1\n` })).toThrow(/does not parse: .*unique/i);
    expect(() => edited({ 'a.yaml': 'a: [1\n' })).toThrow(/does not parse/);
  });
});

describe('objects in other shapes', () => {
  test('kind: List, several documents, Windows line ends', () => {
    const list =
      `kind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n- ${variables('  ').trimStart()}---\nimages:\n- name: ghcr.io/kubeflow/kfp-api-server\n  newTag: 1\n`.replaceAll(
        '\n',
        '\r\n',
      );
    expect(after(list)).toBe(
      byHand(list, [
        ...newVariables,
        ['newTag: 1', `newName: ${registryPath}/apiserver\r\n  digest: ${digestOf('apiserver')}`],
      ]).replace('  digest', '  digest'),
    );
  });

  test('JSON', () => {
    const text = `{"kind": "Deployment", "metadata": {"name": "ml-pipeline"}, "spec": {"template": {"spec": {"containers": [\n  {"name": "ml-pipeline-api-server", "image": "x"}]}}}}\n`;
    const made: unknown = JSON.parse(after(text, {}, 'a.json'));
    expect(JSON.stringify(made)).toContain(`"env":[{"name":"V2_DRIVER_IMAGE","value":"${driver}"}`);
  });

  test('a variable twice is refused', () => {
    expect(() => after(`${variables()}        - {name: V2_DRIVER_IMAGE, value: hotfix}\n`)).toThrow(
      /V2_DRIVER_IMAGE 2 times, of which the last one counts/,
    );
  });
});

describe('what its reader does not take for text', () => {
  const secret = (field: string, value: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: images}\n${field}:\n  V2_DRIVER_IMAGE: ${value}\n  V2_LAUNCHER_IMAGE: ${value}\n`;
  const sops = (more = ''): string => `sops:\n  mac: ENC[AES256_GCM,data:x,type:str]\n  version: 3.9.0\n${more}`;
  test.each([
    ['base64 of a Secret', secret('data', 'eA=='), /is in a Secret's data, which holds base64/],
    ['in a list', `kind: List\nitems:\n- kind: Secret\n  data: {V2_DRIVER_IMAGE: eA==}\n`, /holds base64/],
    [
      'a SealedSecret',
      'kind: SealedSecret\nspec:\n  encryptedData:\n    V2_DRIVER_IMAGE: AgBy\n',
      /is encrypted \(encryptedData of a SealedSecret\)/,
    ],
    ['SOPS', secret('stringData', 'ENC[AES256_GCM,data:x]') + sops(), /SOPS encrypts and proves/],
    ['SOPS, a value that is not encrypted', secret('stringData', 'x:1') + sops(), /SOPS encrypts and proves/],
    [
      'SOPS, an encrypted one that is not proven',
      secret('stringData', 'ENC[AES256_GCM,data:x]') + sops('  mac_only_encrypted: true\n'),
      /SOPS encrypts/,
    ],
  ])('%s', (_, text, expected) => {
    expect(() => edited({ 'a.yaml': text })).toThrow(expected);
  });

  test('an environment file of SOPS', () => {
    const text = 'V2_DRIVER_IMAGE=x:1\nV2_LAUNCHER_IMAGE=y:1\nsops_mac=ENC[x]\n';
    expect(() => edited({ 'images.env': text })).toThrow(/SOPS encrypts and proves/);
  });

  test('stringData is text', () => {
    const text = `${secret('stringData', 'x:1')}---\n${secret('stringData', 'y:1').replace('V2_DRIVER', 'OTHER')}`;
    expect(() => edited({ 'a.yaml': text })).not.toThrow(/base64|SOPS/);
  });
});

describe('aliases', () => {
  test('an alias is written where it is; its anchor keeps what others use', () => {
    const text = `x: {i: &i ghcr.io/kubeflow/kfp-api-server:2.17.0, d: &d y}\n${variables()
      .replace('        env:', '        image: *i\n        env:')
      .replace(`"${old('driver')}"`, '*d')}`;
    expect(after(text)).toBe(
      byHand(text, [
        ['image: *i', `image: ${api}`],
        ['value: *d', `value: ${driver}`],
        [old('launcher'), launcher],
      ]),
    );
  });

  test('an anchor that gets the same value keeps its aliases', () => {
    const text = `x: {d: &d "${old('driver')}"}\n${variables().replace(`"${old('driver')}"`, '*d')}api: ${old('apiserver')}\n`;
    expect(after(text)).toBe(
      byHand(text, [
        [old('driver'), driver],
        [old('launcher'), launcher],
        [old('apiserver'), api],
      ]),
    );
  });

  test.each([
    [
      'an anchor that others need',
      `images:\n- {name: ghcr.io/kubeflow/kfp-cache-server, newTag: &v 2.17.0}\n- {name: mysql, newTag: *v}\n`,
      /would not parse any more. Unresolved alias/,
    ],
    [
      'an anchor whose value others have',
      `a: &v ${old('cacheserver')}\nb: {cache: {repository: &r x/y, digest: z}, c: *r}\n`,
      /is to stay "x\/y"/,
    ],
    [
      'a merge key',
      `base: &b {newTag: 1}\nimages:\n- <<: *b\n  name: ghcr.io/kubeflow/kfp-cache-server\n`,
      /can't be written: .*merge key/,
    ],
  ])('%s: refused', (_, text, why) => {
    expect(() =>
      after(text, text.includes('repository') ? { value: ['b.cache.repository=cacheserver:repository'] } : {}),
    ).toThrow(why);
  });
});

describe('half a set', () => {
  test.each([
    [
      'a driver without its apiserver',
      `a: ${old('driver')}\nb: ${old('launcher')}\n`,
      {},
      /driver and launcher|none for apiserver/,
    ],
    [
      'an apiserver with one variable',
      `a: ${old('apiserver')}\nb: ${old('driver')}\n`,
      {},
      /none for V2_LAUNCHER_IMAGE/,
    ],
    [
      'a set that has no apiserver',
      `a: ${old('driver')}\nb: ${old('launcher')}\n`,
      { lock: lockOf('x', ['apiserver']) },
      /has driver but not apiserver/,
    ],
  ])('%s', (_, text, flags, why) => {
    expect(() => edited({ 'a.yaml': text }, flags)).toThrow(why);
  });

  test('in parts: repository and digest apart', () => {
    const text = `api:\n  repository: ${registryPath}/apiserver\n  digest: ${zero}\ndriver: ${old('driver')}\nlauncher: ${old('launcher')}\n`;
    expect(after(text)).toBe(byHand(text, [...newVariables, [zero, digestOf('apiserver')]]));
  });
});

test('the edits are data: file, path, old and new', () => {
  const text = variables();
  const [first] = edited({ 'v.yaml': text, 'k.yaml': `api: ${old('apiserver')}\n` }).files;
  expect(first?.edits[0]).toMatchObject({
    file: 'v.yaml',
    path: 'spec.template.spec.containers.0.env.0.value',
    image: 'driver',
    old: `"${old('driver')}"`,
    new: `"${driver}"`,
  });
  expect(parseAllDocuments(first?.after ?? '')).toHaveLength(1);
});
