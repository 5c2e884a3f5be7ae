import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RawProgress, type BuildAccount } from '../../src/builder/rawProgress';
import { run } from '../../src/system/exec';
import type { BuildEvent } from '../../src/types';

/** Recorded standard error of `docker buildx build --progress=rawjson`, buildx 0.29.1 with Docker 28.5.2. */
function recorded(name: string): Buffer {
  return readFileSync(join(__dirname, '../fixtures/rawjson', `${name}.ndjson`));
}

function read(
  bytes: Buffer,
  size = bytes.length,
): { readonly events: readonly BuildEvent[]; readonly account: BuildAccount } {
  const raw = new RawProgress();
  const events: BuildEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...raw.push(bytes.subarray(at, at + size)));
  events.push(...raw.end());
  return { events, account: raw.account() };
}

const ofKind = <K extends BuildEvent['kind']>(
  events: readonly BuildEvent[],
  kind: K,
): readonly (BuildEvent & { kind: K })[] =>
  events.filter((event): event is BuildEvent & { kind: K } => event.kind === kind);

function output(events: readonly BuildEvent[], step: string): string {
  const id = ofKind(events, 'step').find((event) => event.name.includes(step))?.id;
  return ofKind(events, 'log')
    .filter((event) => event.id === id)
    .map((event) => event.text)
    .join('');
}

const line = (status: unknown): string => `${JSON.stringify(status)}\n`;
const log = (text: string | Buffer, vertex = 'v', stream = 1): unknown => ({
  vertex,
  stream,
  data: Buffer.from(text as string).toString('base64'),
});

describe('RawProgress on recorded builds', () => {
  it('tells steps, their order and their output', () => {
    const { events, account } = read(recorded('ok'));
    expect(
      ofKind(events, 'step')
        .filter((event) => event.state === 'done')
        .map((event) => event.name.slice(0, 30)),
    ).toEqual([
      '[internal] load build definiti',
      '[internal] load build definiti',
      '[internal] load metadata for d',
      '[internal] load .dockerignore',
      '[internal] load .dockerignore',
      '[builder 1/3] FROM docker.io/k',
      '[builder 2/3] RUN echo "to std',
      "[builder 3/3] RUN printf 'caf\\",
      '[stage-1 2/2] COPY --from=buil',
    ]);
    for (const text of ['to stdout\n', 'to stderr\n', 'no newline at the end']) {
      expect(output(events, '[builder 2/3]')).toContain(text);
    }
    expect(output(events, '[builder 3/3]')).toContain(
      'café \u001b[31mred\u001b[0m\rprogress 10%\rprogress 100%\nline 0\nline 1\n',
    );
    expect(account).toMatchObject({ steps: 3, cachedSteps: 0 });
  });

  it('tells times in milliseconds since the epoch', () => {
    const step = ofKind(read(recorded('ok')).events, 'step').find(
      (event) => event.name.startsWith('[builder 2/3]') && event.state === 'done',
    );
    expect(new Date(step?.startedAt ?? 0).getUTCFullYear()).toBe(2026);
    expect((step?.endedAt ?? 0) - (step?.startedAt ?? 0)).toBeGreaterThanOrEqual(300);
  });

  it('counts cached steps', () => {
    expect(read(recorded('cached')).account).toMatchObject({ steps: 3, cachedSteps: 3 });
    expect(read(recorded('pushed')).account).toMatchObject({ steps: 3, cachedSteps: 3 });
    // A single stage without a name: `[2/3] RUN …`.
    expect(read(recorded('single')).account).toMatchObject({ steps: 2, cachedSteps: 0 });
  });

  it('tells warnings with their line, once each', () => {
    const warnings = ofKind(read(recorded('warn')).events, 'warning');
    expect(warnings.map(({ text, at }) => [text.split(':')[0], at])).toEqual([
      ['MaintainerDeprecated', { file: 'Dockerfile.warn', line: 2 }],
      ['ConsistentInstructionCasing', { file: 'Dockerfile.warn', line: 1 }],
      ['SecretsUsedInArgOrEnv', { file: 'Dockerfile.warn', line: 3 }],
      ['JSONArgsRecommended', { file: 'Dockerfile.warn', line: 4 }],
    ]);
    expect(warnings[0]?.text).toBe(
      'MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/)',
    );
  });

  it('tells which step failed, not those that were cancelled because of it', () => {
    const { failure } = read(recorded('fail')).account;
    expect(failure.step).toMatch(/^\[one 2\/2\] RUN i=0;/);
    expect(failure.message).toMatch(/^process "\/bin\/sh -c i=0;.* did not complete successfully: exit code: 3$/);
    expect(failure.at).toEqual({ file: 'Dockerfile.fail', line: 2 });
    expect(failure.excerpt.map((each) => each.slice(0, 24))).toEqual([
      '   1 |     FROM kfp-imag',
      '   2 | >>> RUN i=0; whil',
      '   3 | >>>     exit 3',
      '   4 |     ',
    ]);
    expect(failure.tail).toHaveLength(40);
    expect(failure.tail.at(-1)).toBe('./main.go:12: undefined: x');
    expect(failure.tail[0]).toBe('compiling package 61');
  });

  it.each([
    [
      'syntax',
      { file: 'Bad', line: 2 },
      'dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)',
    ],
    ['nocopy', { file: 'Bad', line: 2 }, /^failed to compute cache key: .*"\/nope": not found$/],
    [
      'nobase',
      { file: 'Bad', line: 1 },
      /^127\.0\.0\.1:1\/p\/absent:1: failed to resolve source metadata .*connection refused$/,
    ],
    ['notarget', undefined, 'target stage "zz" could not be found (did you mean a?)'],
    ['nofile', undefined, 'failed to read dockerfile: open Nope: no such file or directory'],
    [
      'noengine',
      undefined,
      'Cannot connect to the Docker daemon at unix:///nonexistent.sock. Is the docker daemon running?',
    ],
    ['flag', undefined, /^unknown flag: --nonsense\n/],
  ])('tells why it failed: %s', (name, at, message) => {
    const { failure } = read(recorded(name)).account;
    expect(failure.at).toEqual(at);
    expect(failure.message).toMatch(message);
  });

  it('gives the same for every way to cut the stream', () => {
    for (const name of ['ok', 'fail', 'warn', 'noengine']) {
      const whole = read(recorded(name));
      for (const size of [1, 7, 4096]) expect(read(recorded(name), size)).toEqual(whole);
    }
  });
});

describe('RawProgress on anything else', () => {
  it('joins a character that is split between two pieces of output', () => {
    const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
    const { events } = read(Buffer.from(line({ logs: [log(first), log('err\n', 'v', 2), log(second)] })));
    expect(ofKind(events, 'log').map((event) => event.text)).toEqual(['err\n', 'é']);
  });

  it('takes what is not BuildKit JSON for text', () => {
    const { events } = read(Buffer.from('plain\n{"no":"status"}\n{broken\n[]\n'));
    expect(events).toEqual(
      ['plain', '{"no":"status"}', '{broken', '[]'].map((text) => ({ kind: 'log', id: '', text: `${text}\n` })),
    );
  });

  it('survives wrong types', () => {
    const status = {
      vertexes: [null, 1, { digest: 3 }, { digest: 'a', name: [], started: 'never', completed: {} }],
      logs: [{ data: 7 }],
      warnings: [{ range: 'x', sourceInfo: null }],
      statuses: [[]],
    };
    expect(() => read(Buffer.from(line(status)))).not.toThrow();
  });

  it('throws on nothing', () => {
    const piece = fc.oneof(
      fc.json().map((text) => `${text}\n`),
      fc.record({ vertexes: fc.jsonValue(), logs: fc.jsonValue() }).map(line),
      fc
        .array(fc.record({ digest: fc.string(), name: fc.string(), started: fc.string(), error: fc.string() }))
        .map((vertexes) => line({ vertexes })),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.integer({ min: 1, max: 20 }), (pieces, size) => {
        const bytes = Buffer.from(pieces.join(''));
        expect(read(bytes, size)).toEqual(read(bytes));
      }),
    );
  });

  it('does not read a line of more than 8 MiB, and goes on after it', () => {
    const long = line({ logs: [log('x'.repeat(7 * 1024 * 1024))] });
    const { events } = read(Buffer.from(`${long}${line({ logs: [log('after\n')] })}`), 65_536);
    expect(ofKind(events, 'log').map((event) => event.text)).toEqual(['after\n']);
  });

  it('stays small while 100 MB of output pass', async () => {
    const script = join(__dirname, '../../script/ts.mjs');
    const flood = join(__dirname, 'logFlood.ts');
    const args = ['--max-old-space-size=40', '--max-semi-space-size=4', script, flood];
    const { exitCode, stdout, stderr } = await run({ command: process.execPath, args });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^[6-9]\d{7} characters, 0 lines of a tail\n$/);
    expect(exitCode).toBe(0);
  });
});
