import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRepository, type TestRepository } from '../support/fork';
import { kfpImages, stackLine } from '../run/world';

/* Catalogs that name what the commit has not, and Dockerfiles that copy it: said at the line, through the bundle. */

let fork: TestRepository;

beforeAll(async () => {
  fork = await createRepository();
});
afterAll(() => fork.remove());

const pinned = `FROM alpine@sha256:${'a'.repeat(64)}`;

async function plan(
  fields: string,
  dockerfile = `${pinned}\nCOPY a.txt /\n`,
): Promise<{ exitCode: number; all: string }> {
  await fork.commit('A catalog', {
    'kfp-images.yaml': `version: 1\nimages:\n  one:\n    dockerfile: Dockerfile\n    ${fields}\n`,
    Dockerfile: dockerfile,
    'a.txt': String(Math.random()),
    '.dockerignore': 'b.txt\n',
    'b.txt': 'b\n',
  });
  const { exitCode, stdout, stderr } = await kfpImages(fork.directory, ['plan', '--images', 'one']);
  expect(stdout + stderr).not.toMatch(stackLine);
  return { exitCode, all: stdout + stderr };
}

it.each([
  ['context: nowhere', /kfp-images\.yaml:5:\d+: images\.one\.context: there is no folder nowhere in /],
  [
    'inputs: { go: ./cmd/nosuch }',
    /kfp-images\.yaml:5:\d+: images\.one\.inputs\.go: there is no folder \.\/cmd\/nosuch in /,
  ],
])('%s is an error', async (fields, expected) => {
  const { exitCode, all } = await plan(fields);
  expect(exitCode).toBe(2);
  expect(all).toMatch(expected);
});

it('a misspelt build argument is noted, with the right name', async () => {
  const dockerfile = `ARG VERSION=1\n${pinned}\nARG COMMIT\nCOPY a.txt /\n`;
  const { exitCode, all } = await plan(
    "buildArgs: { VERSOIN: '2', COMMIT: '{{sha}}', HTTP_PROXY: 'http://p' }",
    dockerfile,
  );
  expect(exitCode).toBe(0);
  expect(all).toMatch(
    /kfp-images\.yaml:5: no ARG of Dockerfile declares the build argument VERSOIN, so it has no effect, though it counts as a change; did you mean "VERSION"\?/,
  );
  expect(all).not.toMatch(/argument (COMMIT|HTTP_PROXY)/);
});

it('a COPY of what is not there is noted, with the line', async () => {
  const { exitCode, all } = await plan(
    'context: .',
    `${pinned}\nCOPY a.txt b.txt /\nCOPY nosuch/ /x\nCOPY *.none /y\n`,
  );
  expect(exitCode).toBe(0);
  expect(all).toContain('Dockerfile:2: b.txt is kept out by the ignore file, so the build will fail there');
  expect(all).toContain('Dockerfile:3: nosuch is not in the repository, so the build will fail there');
  expect(all).not.toContain('none');
});

it('what another stage has is no mistake of a COPY --from', async () => {
  const { exitCode, all } = await plan(
    'context: .',
    `${pinned} AS builder\nWORKDIR /src\nCOPY a.txt .\nRUN make samples\n${pinned}\nCOPY --from=builder /src/samples /samples\n`,
  );
  expect(exitCode).toBe(0);
  expect(all).not.toContain('will fail there');
});
