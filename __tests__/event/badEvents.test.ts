import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors';
import { readEvent } from '../../src/event/event';
import type { EventOutcome } from '../../src/types';
import { environment, pull, pushed, read, sha, workflowRun, type Given } from '../support/events';

describe('readEvent refuses', () => {
  const refused: readonly (readonly [string, Given, string])[] = [
    ['no event name', { name: '' }, 'GITHUB_EVENT_NAME is not set'],
    ['no event file', { name: 'push', env: { GITHUB_EVENT_PATH: '' } }, 'GITHUB_EVENT_PATH is not set'],
    ['no commit', { name: 'push', env: { GITHUB_SHA: undefined } }, 'GITHUB_SHA is not set'],
    ['a short commit', { name: 'push', env: { GITHUB_SHA: 'abc' } }, 'GITHUB_SHA is "abc", not a commit id of 40'],
    ['an option for a commit', { name: 'push', env: { GITHUB_SHA: '--upload-pack=x' } }, 'GITHUB_SHA is'],
    [
      'a bad repository',
      { name: 'push', env: { GITHUB_REPOSITORY: 'a/b/../c' } },
      'GITHUB_REPOSITORY is "a/b/../c", not OWNER/NAME',
    ],
    [
      'a bad API address',
      { name: 'push', env: { GITHUB_API_URL: 'file:///etc' } },
      'GITHUB_API_URL is "file:///etc", not an http',
    ],
    ['an API address with a login', { name: 'push', env: { GITHUB_API_URL: 'https://u:p@x' } }, 'GITHUB_API_URL'],
    ['a push without a ref', { name: 'push', payload: {} }, 'the event file does not fit the event "push": ref'],
    [
      'a message that is not text',
      { name: 'push', payload: { ...pushed, head_commit: { id: sha, message: 7 } } },
      'head_commit.message should be string and is 7',
    ],
    [
      'a pull request without a head',
      { name: 'pull_request', payload: { pull_request: { number: 1 } } },
      'pull_request.head',
    ],
    [
      'a workflow run with a bad commit',
      { name: 'workflow_run', payload: workflowRun({ head_sha: '$(id)' }) },
      'workflow_run.head_sha is not a commit id',
    ],
    ['a payload of another kind', { name: 'push', payload: [] }, 'holds no JSON object'],
  ];
  test.each(refused)('%s is refused', async (_, given, text) => {
    await expect(read(given)).rejects.toThrow(UsageError);
    await expect(read(given)).rejects.toThrow(text);
  });

  test('whatever the event file holds: an outcome or a UsageError', async () => {
    const field = fc.constantFrom(
      'ref',
      'deleted',
      'head_commit',
      'repository',
      'pull_request',
      'workflow_run',
      'merge_group',
      'action',
    );
    const name = fc.constantFrom(
      'push',
      'pull_request',
      'pull_request_target',
      'workflow_run',
      'merge_group',
      'create',
      '__proto__',
      'x',
    );
    await fc.assert(
      fc.asyncProperty(name, fc.dictionary(field, fc.jsonValue()), async (name, payload) => {
        const outcome = await read({ name, payload: { ...pushed, ...pull({}), ...payload } }).catch(
          (thrown: unknown) => thrown,
        );
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(UsageError);
        else expect(outcome).toHaveProperty('kind', expect.stringMatching(/^(run|nothing)$/));
      }),
    );
  });
});

describe('the event file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'event-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const readFrom = (file: string): Promise<EventOutcome> =>
    readEvent({
      env: { ...environment({ name: 'push' }), GITHUB_EVENT_PATH: file },
      readFile: (path) => readFile(path, 'utf8'),
    });

  test('is read from disk, with or without a byte order mark', async () => {
    const file = join(folder, 'event.json');
    writeFileSync(file, `\ufeff${JSON.stringify(pushed)}`);
    expect(await readFrom(file)).toMatchObject({ kind: 'run', event: { message: 'Fix [driver]' } });
  });

  test.each([
    ['missing', undefined, /can't be read/],
    ['empty', '', /is not JSON/],
    ['cut off', JSON.stringify(pushed).slice(0, 100), /is not JSON/],
    ['null', 'null', /holds no JSON object/],
  ])('%s is a UsageError that names it', async (name, content, text) => {
    const file = join(folder, `${name}.json`);
    if (content !== undefined) writeFileSync(file, content);
    await expect(readFrom(file)).rejects.toThrow(UsageError);
    await expect(readFrom(file)).rejects.toThrow(text);
    await expect(readFrom(file)).rejects.toThrow(`${name}.json`);
  });

  test('a folder in its place is a UsageError', async () => {
    await expect(readFrom(folder)).rejects.toThrow(UsageError);
  });
});
