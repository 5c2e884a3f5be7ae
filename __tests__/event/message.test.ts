import { describe, expect, test } from 'vitest';
import { SourceError } from '../../src/errors';
import { findMessage, type FoundMessage } from '../../src/event/message';

const commit = 'a'.repeat(40);
const head = 'b'.repeat(40);

interface Known {
  readonly input?: string;
  readonly event?: string;
  readonly git?: string;
  readonly api?: string;
  readonly messageCommit?: string;
}

async function find(known: Known): Promise<{ found: FoundMessage; asked: readonly string[] }> {
  const asked: string[] = [];
  const port =
    (name: 'git' | 'api') =>
    (sha: string): Promise<string | undefined> => {
      asked.push(`${name} ${sha}`);
      return Promise.resolve(known[name]);
    };
  const found = await findMessage(
    { commitMessage: known.input },
    { commit, messageCommit: known.messageCommit, message: known.event },
    { git: port('git'), api: port('api') },
  );
  return { found, asked };
}

describe('findMessage', () => {
  test.each([
    [
      'the input first',
      { input: 'i', event: 'e', git: 'g', api: 'a' },
      { text: 'i', from: 'input', commit: undefined },
      [],
    ],
    ['then the event', { event: 'e', git: 'g', api: 'a' }, { text: 'e', from: 'event', commit }, []],
    ['then git', { git: 'g', api: 'a' }, { text: 'g', from: 'git', commit }, [`git ${commit}`]],
    ['then the API', { api: 'a' }, { text: 'a', from: 'api', commit }, [`git ${commit}`, `api ${commit}`]],
    ['an empty message is a message', { event: '', git: 'g' }, { text: '', from: 'event', commit }, []],
    [
      "a pull request's own commit",
      { git: 'g', messageCommit: head },
      { text: 'g', from: 'git', commit: head },
      [`git ${head}`],
    ],
  ] as const)('%s', async (_, known, found, asked) => {
    expect(await find(known)).toEqual({ found, asked });
  });

  test('nobody knows it', async () => {
    await expect(find({})).rejects.toThrow(SourceError);
    await expect(find({})).rejects.toThrow(`the message of commit ${commit} is known neither`);
  });

  test('no commit is known', async () => {
    const none = (): Promise<undefined> => Promise.resolve(undefined);
    const event = { commit: undefined, messageCommit: undefined, message: undefined };
    await expect(findMessage({ commitMessage: undefined }, event, { git: none, api: none })).rejects.toThrow(
      'no commit is known',
    );
  });
});
