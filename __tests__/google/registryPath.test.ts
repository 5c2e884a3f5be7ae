import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors';
import { isDigest, isHost, isLoopbackHost, isTag, toTag } from '../../src/oci/names';
import { imageRepository, parseRegistryPath } from '../../src/google/registryPath';

const gar = 'europe-west3-docker.pkg.dev/my-project/images';

describe('parseRegistryPath accepts', () => {
  const repository = { host: 'europe-west3-docker.pkg.dev', path: 'my-project/images', full: gar };
  const google = { kind: 'artifact-registry', project: 'my-project', location: 'europe-west3', repository: 'images' };
  const cases: readonly { name: string; input: string; expected: Record<string, unknown> }[] = [
    { name: 'Artifact Registry', input: gar, expected: { ...repository, ...google, warning: undefined } },
    { name: 'https:// before it', input: `https://${gar}`, expected: repository },
    { name: 'trailing slashes', input: `${gar}///`, expected: repository },
    {
      name: 'doubled slashes',
      input: 'https://europe-west3-docker.pkg.dev//my-project//images/',
      expected: repository,
    },
    { name: 'blanks and line ends around it', input: `  ${gar}\r\n`, expected: repository },
    { name: 'a prefix', input: `${gar}/team/a`, expected: { path: 'my-project/images/team/a', repository: 'images' } },
    { name: 'a multi-region', input: 'us-docker.pkg.dev/p/r', expected: { location: 'us', warning: undefined } },
    {
      name: 'a regional endpoint',
      input: 'docker.us-central1.rep.pkg.dev/p/r',
      expected: { kind: 'artifact-registry', location: 'us-central1' },
    },
    {
      name: 'a project of a domain',
      input: 'us-docker.pkg.dev/example.com/p/r',
      expected: { project: 'example.com:p', repository: 'r' },
    },
    {
      name: 'a region newer than this list, with a hint',
      input: 'europe-wset3-docker.pkg.dev/p/r',
      expected: {
        location: 'europe-wset3',
        warning:
          'registry-path: europe-wset3 is not a location of Artifact Registry that we know; did you mean europe-west3?',
      },
    },
    {
      name: 'a host of the former Container Registry',
      input: 'eu.gcr.io/my-project',
      expected: { kind: 'gcr', project: 'my-project', location: 'europe', repository: 'eu.gcr.io' },
    },
    { name: 'another registry', input: 'ghcr.io/me/kfp', expected: { kind: 'other', host: 'ghcr.io', path: 'me/kfp' } },
    {
      name: 'a registry of this machine',
      input: 'http://localhost:5000/kfp',
      expected: { kind: 'other', host: 'localhost:5000', isLoopback: true },
    },
    { name: 'an IPv6 address', input: '[::1]:5000/kfp', expected: { host: '[::1]:5000', isLoopback: true } },
    { name: 'Docker Hub', input: 'docker.io/me', expected: { host: 'docker.io', path: 'me', isLoopback: false } },
  ];
  it.each(cases)('$name', ({ input, expected }) => expect(parseRegistryPath(input)).toMatchObject(expected));
});

describe('parseRegistryPath refuses, and says how it should read', () => {
  const cases: readonly { name: string; input: string; text: string }[] = [
    { name: 'nothing', input: ' \n', text: 'registry-path is empty. Give LOCATION-docker.pkg.dev/PROJECT/REPOSITORY' },
    {
      name: 'plain http',
      input: 'http://ghcr.io/me',
      text: 'registry-hosts names for it (HOST=plain-http). Write "ghcr.io/me"',
    },
    { name: 'another scheme', input: 'oci://ghcr.io/me', text: 'Write "ghcr.io/me"' },
    { name: 'a host alone', input: 'ghcr.io', text: 'it names a host, but no path on it' },
    { name: 'a scheme alone', input: 'https://', text: 'it has one part only' },
    { name: 'one word', input: 'images', text: 'it has one part only' },
    { name: 'no host', input: 'me/images', text: '"me" is not a registry host' },
    { name: 'capital letters', input: 'ghcr.io/Me/KFP', text: 'capital letters. Write "ghcr.io/me/kfp"' },
    { name: 'a tag', input: 'ghcr.io/me/kfp:1.0', text: 'it holds the tag "1.0". Leave it out' },
    { name: 'a digest', input: `ghcr.io/me/kfp@sha256:${'0'.repeat(64)}`, text: 'it holds a digest' },
    { name: 'blanks within', input: 'ghcr.io/me/k fp', text: 'blanks or control characters' },
    { name: 'control characters', input: 'ghcr.io/me/k\u001b[31mfp', text: 'blanks or control characters' },
    { name: 'dots for a way out', input: 'ghcr.io/me/../you', text: 'the part ".." can\'t be used' },
    { name: 'a query', input: 'ghcr.io/me/kfp?x=1', text: 'the part "kfp?x=1" can\'t be used' },
    { name: 'a port that is none', input: 'ghcr.io:99999/me', text: 'the host "ghcr.io:99999" can\'t be read' },
    { name: 'too long', input: `ghcr.io/${'a'.repeat(300)}`, text: '308 characters long, a name may have 255' },
    { name: 'a project alone', input: 'us-docker.pkg.dev/p', text: 'Give us-docker.pkg.dev/p/REPOSITORY' },
    {
      name: 'a region with a hyphen too many',
      input: 'us-central-1-docker.pkg.dev/p/r',
      text: 'Did you mean us-central1-',
    },
    { name: 'eu for europe', input: 'eu-docker.pkg.dev/p/r', text: 'Did you mean europe-docker.pkg.dev/p/r?' },
    { name: 'a host for other packages', input: 'us-npm.pkg.dev/p/r', text: 'Did you mean us-docker.pkg.dev/p/r?' },
    { name: 'a location alone', input: 'us-east1.pkg.dev/p/r', text: 'Did you mean us-east1-docker.pkg.dev/p/r?' },
    { name: 'no such host', input: 'registry.pkg.dev/p/r', text: 'they read LOCATION-docker.pkg.dev' },
    {
      name: 'a project of a domain, as gcloud writes it',
      input: 'us-docker.pkg.dev/example.com:p/r',
      text: 'write "us-docker.pkg.dev/example.com/p/r"',
    },
  ];
  it.each(cases)('$name', ({ input, text }) => {
    expect(() => parseRegistryPath(input)).toThrow(UsageError);
    expect(() => parseRegistryPath(input)).toThrow(text);
  });

  it('a login in it, without repeating it', () => {
    const refused = (): unknown => parseRegistryPath('https://me:s3cret@ghcr.io/me');
    expect(refused).toThrow('registry-path holds a login');
    expect(refused).not.toThrow(/s3cret/);
  });
});

describe('parseRegistryPath, whatever it is given', () => {
  it('gives a usable path or a UsageError of bounded length', () => {
    const piece = fc.constantFrom(
      'us-docker.pkg.dev',
      'ghcr.io',
      '/',
      '//',
      ':',
      '@',
      'a',
      'A',
      '-',
      '_',
      '.',
      ' ',
      '\n',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const path = parseRegistryPath(input);
          expect(path.full).toBe(`${path.host}/${path.path}`);
          expect(isHost(path.host)).toBe(true);
          expect(imageRepository(path, 'x')).toBe(`${path.full}/x`);
          expect(parseRegistryPath(`https://${path.full}/`)).toEqual(path);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect(String(error).length).toBeLessThan(800);
          expect(String(error)).not.toMatch(/[\u0000-\u001f\u007f]/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a megabyte in its stride', () => {
    expect(() => parseRegistryPath(`ghcr.io/${'a-'.repeat(500_000)}`)).toThrow(UsageError);
  });
});

describe('imageRepository', () => {
  const path = parseRegistryPath('ghcr.io/me');

  it('appends a name, also one of several parts', () => {
    expect(imageRepository(path, 'driver')).toBe('ghcr.io/me/driver');
    expect(imageRepository(path, 'kfp/driver')).toBe('ghcr.io/me/kfp/driver');
  });

  it.each(['', 'Driver', 'a//b', '../x', 'a:1', 'a'.repeat(250)])('refuses %j', (name) => {
    expect(() => imageRepository(path, name)).toThrow(UsageError);
  });
});

describe('toTag', () => {
  it.each([
    ['main', 'main'],
    ['feature/x', 'feature-x'],
    ['dependabot/npm_and_yarn/@types/node-24.1', 'dependabot-npm_and_yarn-types-node-24.1'],
    ['.hidden', 'hidden'],
    ['größe', 'gr-e'],
  ])('%s → %s', (branch, tag) => expect(toTag(branch)).toBe(tag));

  it('keeps two long names and two names without any letter apart', () => {
    expect(toTag(`${'x'.repeat(200)}1`)).not.toBe(toTag(`${'x'.repeat(200)}2`));
    expect(toTag('日本')).toMatch(/^branch-[a-f0-9]{12}$/);
    expect(toTag('日本')).not.toBe(toTag('中国'));
  });

  it('always gives a tag, and leaves a usable tag that ends in a letter or digit alone', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => isTag(toTag(text))));
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_]([A-Za-z0-9._-]{0,126}[A-Za-z0-9_])?$/), (tag) => toTag(tag) === tag),
    );
  });
});

describe('grammar', () => {
  it.each([
    [`sha256:${'a'.repeat(64)}`, true],
    [`sha512:${'a'.repeat(128)}`, true],
    [`sha256:${'A'.repeat(64)}`, false],
    [`sha256:${'a'.repeat(63)}`, false],
    [`md5:${'a'.repeat(32)}`, false],
  ])('isDigest(%s) is %s', (text, expected) => expect(isDigest(text)).toBe(expected));

  it.each([
    ['latest', true],
    ['_x', true],
    ['', false],
    ['-x', false],
    ['.x', false],
    ['a/b', false],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['latest\n', false],
  ])('isTag(%j) is %s', (text, expected) => expect(isTag(text)).toBe(expected));

  it.each([
    ['localhost', true],
    ['localhost:5000', true],
    ['127.0.0.1:5000', true],
    ['127.9.8.7', true],
    ['[::1]:5000', true],
    ['127.0.0.1.example.com', false],
    ['localhost.example.com', false],
    ['example.com', false],
    ['10.0.0.1:5000', false],
  ])('isLoopbackHost(%s) is %s', (host, expected) => expect(isLoopbackHost(host)).toBe(expected));
});
