import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, openBare, type Bare } from './bare';
import { json, kfpImages, repository, stackLine, step, storedIn, type World } from './world';

/*
 * What people get wrong, and what is wrong with machines: each ends with status 2 (usage) or 1, one clear text, no stack trace, and
 * nothing half done. The registry is real; no builder is ever reached.
 */

let fork: Bare;
let world: World;
let gitOnly: string;

beforeAll(async () => {
  fork = await openBare();
  ({ world, gitOnly } = fork);
});
afterAll(() => world[Symbol.asyncDispose]());

const build: Bare['build'] = (args, env) => fork.build(args, env);
const target = (): readonly string[] => world.target;
const keyFile = async (name: string, content: string): Promise<string> => {
  const path = join(world.folder.path, name);
  await writeFile(path, content);
  return path;
};

describe('messages', () => {
  const hostile = [
    { title: 'empty', message: '', keywords: [] },
    { title: 'one megabyte of letters', message: 'a'.repeat(1_000_000), keywords: [] },
    { title: 'one megabyte of opening brackets', message: '['.repeat(1_000_000), keywords: [] },
    { title: 'one megabyte of a keyword', message: '[driver] '.repeat(111_111), keywords: ['driver'] },
    {
      title: 'control characters and commands for the runner',
      message: '\u0000\u001b[31m[driver]\r\n::set-env name=X::y\r::error::\u009b\u202e[launcher\u0007]\n##[group]x',
      keywords: ['driver'],
    },
    { title: 'names of JavaScript’s own', message: '[__proto__] [constructor] [toString]', keywords: [] },
  ];
  it.each(hostile)('$title', async ({ message, keywords }) => {
    const sha = await world.fork.git('rev-parse', 'HEAD');
    const payload = { ref: 'refs/heads/main', deleted: false, repository, head_commit: { id: sha, message } };
    const result = await step(world, { payload, inputs: { 'dry-run': 'true' }, env: { PATH: gitOnly } });
    expect(result.exitCode).toBe(0);
    expect(json(result, 'keywords')).toEqual(keywords);
    expect(result.stdout).not.toMatch(stackLine);
    expect(result.stdout + result.summary).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(result.stdout).not.toMatch(/^::(?!debug|warning|error::|notice)/m);
  });
});

describe('the command line', () => {
  const usage: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
    { args: ['--images', 'drivr'], says: /"drivr".*did you mean "?driver/is },
    { args: ['--images', 'nothing-like-it'], says: /nothing-like-it.*(apiserver|known)/is },
    { args: ['--images', 'driver'], says: /registry-path is empty/ },
    { args: ['--images', 'driver', '--registry-path', 'images'], says: /registry-path|path/ },
    { args: ['--images', 'driver', '--registry-path', 'ftp://example.com/p/r'], says: /ftp|scheme/ },
    { args: ['--images', 'driver', '--registry-path', 'registry.example/Project/Repo'], says: /capital|lower/i },
    { args: ['--images', 'driver', '--registry-path', 'registry.example/p/r:tag'], says: /tag/ },
    { args: ['--images', 'driver', '--registry-path', 'registry.example/p r'], says: /registry-path|path/ },
    {
      args: ['--images', 'driver', '--registry-path', `registry.example/${'p'.repeat(235)}`],
      says: /is 259 characters long, an image's name may have 255\. Shorten registry-path/,
    },
    { args: ['--latest', 'sometimes'], says: /latest: "sometimes" is not one of default-branch, always, never/ },
    { args: ['--max-parallel', '0'], says: /max-parallel: "0" is not a whole number/ },
    { args: ['--push=maybe'], says: /push: "maybe" is not true or false/ },
    { args: ['--tags', 'latest'], says: /tags: "latest" is moved by the input latest/ },
    { args: ['--platforms', 'amd64'], says: /platforms: "amd64" is not a platform/ },
    { args: ['--no-such-flag'], says: /unknown option '--no-such-flag'/ },
    { args: ['--catalog', 'nowhere.yaml'], says: /nowhere\.yaml/ },
    { args: ['--credentials-json', '{"type":"service_account"}'], says: /looks like the secret itself/ },
    { args: ['--credentials-json', '/nowhere/key.json'], says: /credentials-json: the file can't be read/ },
  ];
  it.each(usage)('build $args', async ({ args, says }) => {
    const ended = await build(args);
    expectRefusal(ended, 2, says);
    expect(ended.stderr).not.toContain('"type":"service_account"');
  });

  it('a command that there is not', async () => {
    const ended = await kfpImages(world.fork.directory, ['bild']);
    expectRefusal(ended, 2, /unknown command 'bild'/);
  });

  it('an address with https:// and slashes at its end is a registry path all the same', async () => {
    const ended = await build([
      '--images',
      'driver',
      '--registry-path',
      `http://${world.registry.path}//`,
      '--dry-run',
    ]);
    expect(ended.stderr).not.toMatch(stackLine);
    const secure = await build(['--images', 'driver', '--registry-path', 'https://registry.invalid/p/r/', '--dry-run']);
    expectRefusal(secure, 1, /registry\.invalid has no address/);
  });
});

describe('the key', () => {
  const keys: readonly {
    readonly title: string;
    readonly spoil: (json: string) => string;
    readonly status: number;
    readonly says: RegExp;
  }[] = [
    { title: 'empty', spoil: () => '', status: 1, says: /401|no login|credentials/i },
    { title: 'cut off', spoil: (json) => json.slice(0, json.length / 2), status: 2, says: /credentials-json/ },
    {
      title: 'base64, cut off',
      spoil: (json) => Buffer.from(json).toString('base64').slice(0, 1000),
      status: 2,
      says: /credentials-json/,
    },
    { title: 'text', spoil: () => 'my password', status: 2, says: /credentials-json/ },
    { title: 'JSON of something else', spoil: () => '{"a":1}', status: 2, says: /credentials-json/ },
    { title: 'a list', spoil: () => '[1]', status: 2, says: /credentials-json/ },
    {
      title: 'without its private key',
      spoil: (json) => JSON.stringify({ ...(JSON.parse(json) as object), private_key: '' }),
      status: 2,
      says: /credentials-json.*private_key/s,
    },
  ];
  it.each(keys)('$title', async ({ title, spoil, status, says }) => {
    const stored = await storedIn(world.registry);
    const file = await keyFile(`key-${title.replaceAll(' ', '-')}`, spoil(world.registry.keyJson));
    const args = ['--images', 'driver', '--registry-path', world.registry.path, '--credentials-json', file];
    const ended = await build(args, { DOCKER_CONFIG: join(world.folder.path, 'no-docker-config') });
    expectRefusal(ended, status, says);
    expect(ended.stderr).not.toContain(world.registry.keyJson.slice(40, 80));
    expect(await storedIn(world.registry)).toEqual(stored);
  });

  it.each([
    { title: 'base64', spoil: (json: string) => Buffer.from(json).toString('base64') },
    {
      title: 'base64 in lines',
      spoil: (json: string) => Buffer.from(json).toString('base64').replace(/.{76}/g, '$&\r\n'),
    },
    { title: 'JSON with a byte order mark', spoil: (json: string) => `\ufeff${json}\n\n` },
  ])('$title is taken', async ({ title, spoil }) => {
    const file = await keyFile(`good-key-${title.replaceAll(' ', '-')}`, spoil(world.registry.keyJson));
    const args = ['--images', 'driver', '--registry-path', world.registry.path, '--credentials-json', file];
    const ended = await build([...args, '--dry-run']);
    expect(ended.stderr).toMatch(/this is a dry run/);
    expect(ended.exitCode).toBe(0);
  });
});

describe('the catalog', () => {
  const catalogs = [
    { title: 'no YAML', text: 'images: [\n  driver: {', says: /bad\.yaml:\d+:\d+: / },
    { title: 'a list', text: '- driver', says: /bad\.yaml:1:1: / },
    {
      title: 'a circle',
      text: 'version: 1\nimages:\n  a: { dockerfile: A, bind: { X: b } }\n  b: { dockerfile: B, bind: { X: a } }\n',
      says: /bad\.yaml:\d+:\d+: .*(circle|cycle|a.*b.*a)/s,
    },
    {
      title: 'binds an image that there is not',
      text: 'version: 1\nimages:\n  driver: { dockerfile: D }\n  a: { dockerfile: A, bind: { X: drivr } }\n',
      says: /bad\.yaml:4:\d+: .*drivr.*driver/s,
    },
    {
      title: 'a name twice',
      text: 'version: 1\nimages:\n  a: { dockerfile: A }\n  a: { dockerfile: B }\n',
      says: /bad\.yaml:4:\d+: /,
    },
    {
      title: 'a path that leaves the repository',
      text: 'version: 1\nimages:\n  a: { dockerfile: ../../etc/passwd }\n',
      says: /bad\.yaml:3:\d+: .*(outside|leave|repository)/s,
    },
    {
      title: 'a wrong type',
      text: 'version: 1\nimages:\n  a: { dockerfile: 7 }\n',
      says: /bad\.yaml:3:\d+: .*(text|string)/s,
    },
    {
      title: 'an unknown field',
      text: 'version: 1\nimages:\n  a: { dockerfil: A }\n',
      says: /bad\.yaml:3:\d+: .*dockerfil.*dockerfile/s,
    },
    { title: 'a version of tomorrow', text: 'version: 2\nimages: {}\n', says: /bad\.yaml:1:\d+: / },
  ];
  it.each(catalogs)('$title: file, line and column', async ({ text, says }) => {
    const file = join(world.folder.path, 'bad.yaml');
    await writeFile(file, text);
    expectRefusal(await build(['--images', 'a', '--catalog', file, ...target()]), 2, says);
  });

  it('the Action annotates the line', async () => {
    await writeFile(join(world.folder.path, 'bad.yaml'), 'version: 1\nimages:\n  a: { dockerfil: A }\n');
    const result = await step(world, { inputs: { images: 'a', catalog: join(world.folder.path, 'bad.yaml') } });
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toMatch(/^::error file=\S*bad\.yaml,line=3,col=\d+::.*dockerfil/m);
    expect(result.stdout).not.toMatch(stackLine);
  });

  it('a Dockerfile that is not there', async () => {
    const file = join(world.folder.path, 'missing.yaml');
    await writeFile(file, 'version: 1\nimages:\n  a: { dockerfile: backend/Dockerfile.nowhere }\n');
    expectRefusal(
      await build(['--images', 'a', '--catalog', file, ...target()]),
      1,
      /a.*backend\/Dockerfile\.nowhere/s,
    );
  });
});
