import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heldByDefaultBranch } from '../../src/run/latest';
import { refuseOtherCommit } from '../../src/run/select';
import { createRepository, type TestRepository } from '../support/fork';
import { serve } from '../support/httpServer';

let clone: TestRepository;
let held: string;
let aside: string;

beforeAll(async () => {
  clone = await createRepository();
  held = await clone.commit('On main', { a: '1' });
  const tip = await clone.commit('Later on main', { a: '2' });
  await clone.git('update-ref', 'refs/remotes/origin/main', tip);
  await clone.git('checkout', '--quiet', '-b', 'aside', held);
  aside = await clone.commit('Beside main', { a: '3' });
});
afterAll(() => clone.remove());

describe('a workflow_run', () => {
  it('whose commit is not the one checked out is refused, with what to write', () => {
    const event = { name: 'workflow_run', commit: held };
    expect(() => refuseOtherCommit(event, aside)).toThrow(/ref: \$\{\{ github\.event\.workflow_run\.head_sha \}\}/);
    expect(() => refuseOtherCommit(event, held)).not.toThrow();
    expect(() => refuseOtherCommit({ ...event, name: 'push' }, aside)).not.toThrow();
  });
});

describe('latest moves only to what the default branch holds', () => {
  const move = { move: true, override: false } as const;
  const on = (
    name: string,
    eventCommit: string,
    head: string,
    decision: Parameters<typeof heldByDefaultBranch>[0] = move,
  ) =>
    heldByDefaultBranch(
      decision,
      { name, commit: eventCommit, defaultBranch: 'main' },
      { top: clone.directory, commit: head },
      undefined,
    );

  it('a workflow_run on a tag or branch that is merely called main does not move it', async () => {
    expect(await on('workflow_run', aside, aside)).toEqual({
      move: false,
      reason: expect.stringMatching(/^main does not hold this commit/) as string,
    });
    expect(await on('workflow_run', held, held)).toEqual(move);
  });

  it('a push of main with another commit checked out does not move it', async () => {
    expect(await on('push', held, aside)).toMatchObject({ move: false });
    expect(await on('push', held, held)).toEqual(move);
  });

  it('where nobody knows, it stays', async () => {
    await clone.git('update-ref', '-d', 'refs/remotes/origin/main');
    expect(await on('workflow_run', held, held)).toMatchObject({
      move: false,
      reason: expect.stringMatching(/could not be asked/) as string,
    });
  });

  it('when forced it moves all the same', async () => {
    const override = { move: true, override: true } as const;
    expect(await on('workflow_run', aside, aside, override)).toEqual(override);
  });
});

describe('a push that is run again', () => {
  const move = { move: true, override: false } as const;
  // As its checkout leaves the clone: the branch is where it was then.
  const again = async (status: string): Promise<unknown> => {
    const github = await serve(() => ({
      status: status === '' ? 404 : 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status }),
    }));
    await clone.git('update-ref', 'refs/remotes/origin/main', held);
    const address = `http://${github.host}`;
    const repository = { owner: 'dana', name: 'pipelines', serverUrl: address, apiUrl: address };
    try {
      return await heldByDefaultBranch(
        move,
        { name: 'push', commit: held, defaultBranch: 'main', isRepeated: true },
        { top: clone.directory, commit: held },
        { repository, token: '' },
      );
    } finally {
      await github.close();
    }
  };

  it.each(['identical', 'ahead'])('moves it where the branch still holds its commit (%s)', async (status) => {
    expect(await again(status)).toEqual(move);
  });

  it.each(['diverged', 'behind'])('does not where the branch was moved elsewhere meanwhile (%s)', async (status) => {
    expect(await again(status)).toEqual({
      move: false,
      reason: expect.stringMatching(/^main does not hold this commit/) as string,
    });
  });

  it('moves it where GitHub does not say, as the first time', async () => {
    expect(await again('')).toEqual(move);
  });
});
