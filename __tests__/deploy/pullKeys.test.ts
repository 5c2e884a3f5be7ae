import { expect, test } from 'vitest';
import { matchingKeys } from '../../src/deploy/pullKeys';

/* Expected values: the rules that the page on images of Kubernetes' documentation gives, and those of its keyring.go. */

const image = 'europe-west3-docker.pkg.dev/project/repository/driver';

test.each([
  ['the host', 'europe-west3-docker.pkg.dev', image, true],
  ['the host with a scheme and a slash', 'https://europe-west3-docker.pkg.dev/', image, true],
  ['the host with docker’s version', 'https://europe-west3-docker.pkg.dev/v2/', image, true],
  ['a path before the image', 'europe-west3-docker.pkg.dev/project', image, true],
  ['a path by characters, not by parts', 'europe-west3-docker.pkg.dev/proj', image, true],
  ['another path', 'europe-west3-docker.pkg.dev/other', image, false],
  ['a path that is longer than the image', `${image}/more`, image, false],
  ['a pattern for one label', '*.pkg.dev', image, true],
  ['a pattern for part of a label', 'europe-*.pkg.dev', image, true],
  ['a pattern that would have to span two labels', '*.dev', image, false],
  ['a pattern for two labels', '*.*.dev', image, true],
  ['a class', 'europe-west[1-4]-docker.pkg.dev', image, true],
  ['a broken class', 'europe-west[-docker.pkg.dev', image, false],
  ['a dot is a dot', 'europe-west3-dockerxpkg.dev', image, false],
  ['another host', 'gcr.io', image, false],
  ['the port', 'registry:5000', 'registry:5000/a', true],
  ['another port', 'registry:5000', 'registry:5001/a', false],
  ['a port that the image lacks', 'registry.example.com:443', 'registry.example.com/a', false],
  ['Docker Hub', 'https://index.docker.io/v1/', 'library/alpine', true],
  ['Docker Hub by name', 'https://index.docker.io/v1/', 'docker.io/library/alpine', true],
  ['Docker Hub for another registry', 'https://index.docker.io/v1/', image, false],
  ['nothing', '', image, false],
])('%s: %s for %s', (_, key, repository, isUsed) => {
  expect(matchingKeys([key], repository)).toEqual(isUsed ? [key] : []);
});

test('longer names are tried before shorter ones', () => {
  const keys = ['*.pkg.dev', 'europe-west3-docker.pkg.dev', 'europe-west3-docker.pkg.dev/project/repository', 'gcr.io'];
  expect(matchingKeys(keys, image)).toEqual([
    'europe-west3-docker.pkg.dev/project/repository',
    'europe-west3-docker.pkg.dev',
    '*.pkg.dev',
  ]);
});
