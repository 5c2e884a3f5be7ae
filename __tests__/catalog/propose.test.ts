import { describe, expect, test } from 'vitest';
import { catalogText } from '../../src/catalog/propose/catalogText';
import { isDockerfile, namesOf, plainPath, whyLeftOut } from '../../src/catalog/propose/candidates';
import { fitsBuiltIn, proposeCatalog, type Proposal } from '../../src/catalog/propose/propose';
import { readCatalog } from '../../src/catalog/parseCatalog';
import { kfpCatalog } from '../../src/catalog/kfp';

/** A repository of these files; what is not given a text holds a line. */
const propose = (files: Readonly<Record<string, string>>, name = 'thing'): Promise<Proposal> =>
  proposeCatalog({ paths: Object.keys(files), name, read: (path) => Promise.resolve(files[path]) });
const go = (folder: string): Readonly<Record<string, string>> => ({ [`${folder}/main.go`]: 'package main\n' });
const goDockerfile = (what: string): string =>
  `FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -ldflags '-s' -o /bin/x ${what}\nFROM alpine\nCOPY --from=build /bin/x /\n`;

describe('Kubeflow Pipelines', () => {
  const ofVersion18 = {
    ...Object.fromEntries(
      ['', '.cacheserver', '.persistenceagent', '.scheduledworkflow', '.viewercontroller', '.visualization'].map(
        (suffix) => [`backend/Dockerfile${suffix}`, 'FROM scratch\n'],
      ),
    ),
    ...go('backend/src/apiserver'),
    ...go('backend/src/cache'),
    ...go('backend/src/agent/persistence'),
    ...go('backend/src/crd/controller/scheduledworkflow'),
    ...go('backend/src/crd/controller/viewer'),
    'backend/third_party_licenses/apiserver.csv': '',
    'frontend/Dockerfile': 'FROM scratch\n',
    'test/imagebuilder/Dockerfile': 'FROM scratch\n',
  };

  test('1.8 has no driver and launcher, so the apiserver binds none', async () => {
    expect(fitsBuiltIn(Object.keys(ofVersion18))).toBe(false);
    const { images, groups, leftOut, notes } = await propose(ofVersion18);
    expect(images.map(({ name }) => name)).toEqual([...kfpCatalog.images.keys()].slice(2));
    expect(images[0]).toMatchObject({
      name: 'apiserver',
      bind: {},
      inputs: {
        kind: 'go',
        mainPackage: './backend/src/apiserver',
        paths: ['backend/third_party_licenses/apiserver.csv'],
      },
      deploy: { deployment: 'ml-pipeline', container: 'ml-pipeline-api-server' },
    });
    expect([...groups.keys()]).toEqual(['controller']);
    expect(notes).toEqual(['This version of Kubeflow Pipelines has no Dockerfile for driver, launcher.']);
    expect(leftOut).toEqual([
      { path: 'frontend/Dockerfile', why: "is none of the backend's images" },
      { path: 'test/imagebuilder/Dockerfile', why: 'is in test/' },
    ]);
  });

  const whole = (change: (path: string) => string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      [...kfpCatalog.images.values()].flatMap(({ dockerfile, inputs }) => [
        [change(dockerfile), 'FROM scratch\n'],
        ...(inputs.kind === 'go' ? Object.entries(go(change(inputs.mainPackage.slice(2)))) : []),
      ]),
    );

  test('where it is in a folder, that folder is the context', async () => {
    const { images } = await propose(whole((path) => `third/pipelines/${path}`));
    expect(images).toHaveLength(8);
    expect(images[0]).toMatchObject({
      name: 'driver',
      dockerfile: 'third/pipelines/backend/Dockerfile.driver',
      context: 'third/pipelines',
      inputs: { kind: 'go', mainPackage: './third/pipelines/backend/src/v2/cmd/driver' },
    });
    expect(images[2]?.bind).toEqual({ V2_DRIVER_IMAGE: 'driver', V2_LAUNCHER_IMAGE: 'launcher' });
  });

  test('Dockerfiles of Konflux alone are taken under the images’ names', async () => {
    const { images } = await propose(whole((path) => path.replace('/Dockerfile', '/Dockerfile.konflux')));
    expect(images.map(({ name, dockerfile }) => [name, dockerfile])).toContainEqual([
      'driver',
      'backend/Dockerfile.konflux.driver',
    ]);
    expect(images).toHaveLength(8);
  });

  test('beside plain ones they are left out', async () => {
    const both = { ...whole((path) => path), 'backend/Dockerfile.konflux.driver': 'FROM scratch\n' };
    const { images, leftOut } = await propose(both);
    expect(images[0]?.dockerfile).toBe('backend/Dockerfile.driver');
    expect(leftOut.map(({ path }) => path)).toEqual(['backend/Dockerfile.konflux.driver']);
  });
});

describe('another repository', () => {
  test.each([
    ['./cmd/manager', './cmd/manager'],
    ['cmd/manager/main.go', './cmd/manager'],
    ['./cmd/manager/*.go', './cmd/manager'],
  ])('of kubebuilder builds %s', async (what, mainPackage) => {
    const { images } = await propose({ ...go('cmd/manager'), Dockerfile: goDockerfile(what) }, 'My.Operator');
    expect(images).toMatchObject([{ name: 'my-operator', context: '.', inputs: { kind: 'go', mainPackage } }]);
    expect(images[0]?.cacheMounts).toHaveLength(2);
  });

  test('the context is the folder that has what is copied', async () => {
    const { images } = await propose({
      'services/web/Dockerfile': 'FROM node\nCOPY package.json src ./\n',
      'services/web/package.json': '',
      'services/web/src/a.js': '',
      'services/api/Dockerfile': 'FROM python\nCOPY services/api/requirements*.txt .\n',
      'services/api/requirements.txt': '',
      'services/job/Dockerfile': 'FROM python\nCOPY lib/ /lib\n',
      'services/lib/a.py': '',
    });
    expect(images.map(({ name, context }) => [name, context])).toEqual([
      ['api', '.'],
      ['job', 'services'],
      ['web', 'services/web'],
    ]);
  });

  test('names come from the file, else the folder, and are distinguished by the folders above', async () => {
    const { images } = await propose({
      'cmd/agent/v1beta1/Dockerfile': 'FROM scratch\n',
      'a/agent/Dockerfile': 'FROM scratch\n',
      'build/Dockerfile.proxy': 'FROM scratch\n',
      'Sidecar.Dockerfile': 'FROM scratch\n',
    });
    expect(new Set(images.map(({ name }) => name))).toEqual(
      new Set(['sidecar', 'agent', 'proxy', 'cmd-agent-v1beta1']),
    );
  });

  test('what can’t be read or does not fit is left out, with the reason', async () => {
    const { images, leftOut } = await propose({
      'a/Dockerfile': 'RUN nothing\n',
      'b/Dockerfile': 'FROM scratch\nCOPY generated.tar /\n',
      'c/Dockerfile.s390x': 'FROM scratch\n',
    });
    expect(images).toEqual([]);
    expect(leftOut).toEqual([
      { path: 'a/Dockerfile', why: 'has no FROM' },
      { path: 'b/Dockerfile', why: 'copies files that no folder of this repository has' },
      { path: 'c/Dockerfile.s390x', why: 'is a variant for s390x' },
    ]);
  });

  test('an image that starts from another of the repository is named', async () => {
    const { notes } = await propose({
      'base/Dockerfile': 'FROM alpine\n',
      'web/Dockerfile': 'FROM quay.io/org/base:v1@sha256:aa\n',
    });
    expect(notes).toEqual([
      'web starts FROM quay.io/org/base:v1@sha256:aa, which base of this repository may build: it is taken from where it is published.',
    ]);
  });
});

test('the text is a catalog of just that, whatever the files are called', async () => {
  const files = {
    'web\n# x/Dockerfile': 'FROM scratch\n',
    'docs/\u2028x/Dockerfile': '',
    'm/Dockerfile': goDockerfile('./m'),
    ...go('m'),
  };
  const proposal = await propose(files);
  const { images } = await readCatalog(await catalogText(proposal), 'kfp-images.yaml');
  expect([...images.values()]).toEqual(proposal.images);
  expect(proposal.images.map(({ name }) => name)).toEqual(['m']);
});

test.each([
  ['Dockerfile', true],
  ['a/Dockerfile.driver', true],
  ['a/driver.Dockerfile', true],
  ['Containerfile', true],
  ['Dockerfile.dockerignore', false],
  ['Dockerfile.tmpl', false],
  ['docs/Dockerfile.md', false],
  ['dockerfile.go', false],
])('%j is a Dockerfile: %j', (path, is) => {
  expect(isDockerfile(path)).toBe(is);
});

test.each([
  ['backend/Dockerfile.konflux.driver', 'backend/Dockerfile.driver'],
  ['Dockerfile.konflux', 'Dockerfile'],
  ['backend/Dockerfile.driver', 'backend/Dockerfile.driver'],
])('%s is a variant of %s', (path, plain) => {
  expect(plainPath(path)).toBe(plain);
});

test('no name is one that has a meaning of its own', () => {
  expect(namesOf('all/Dockerfile', 'x')).toEqual(['all-image']);
  expect(whyLeftOut('.devcontainer/Dockerfile')).toBe('is in .devcontainer/');
});
