import examples from '@octokit/webhooks-examples';
import { describe, expect, test } from 'vitest';
import { readEvent } from '../../src/event/event';
import type { EventOutcome } from '../../src/types';

/** GitHub's own examples of webhook payloads, read as a runner would hand them over. */
const payloads = examples.flatMap(({ name, examples: each }) =>
  each.map((payload, index) => ({ name, index, payload: JSON.stringify(payload) })),
);

interface Shape {
  readonly ref?: string;
  readonly after?: string;
  readonly deleted?: boolean;
  readonly head_commit?: { readonly id: string; readonly message: string } | null;
  readonly repository?: { readonly full_name?: string };
}

const zeros = /^0+$/;

function outcomeOf(name: string, text: string): Promise<EventOutcome> {
  const payload = JSON.parse(text) as Shape;
  const ref = payload.ref ?? 'main';
  return readEvent({
    env: {
      GITHUB_EVENT_NAME: name,
      GITHUB_EVENT_PATH: '/event.json',
      GITHUB_SHA: payload.after === undefined || zeros.test(payload.after) ? 'c'.repeat(40) : payload.after,
      GITHUB_REF: ref.startsWith('refs/') ? ref : `refs/heads/${ref}`,
      GITHUB_REPOSITORY: payload.repository?.full_name ?? 'octo-org/octo-repo',
    },
    readFile: () => Promise.resolve(text),
  });
}

describe("GitHub's examples", () => {
  test('are all there', () => {
    expect(payloads.length).toBeGreaterThan(300);
    expect(new Set(payloads.map(({ name }) => name)).size).toBeGreaterThan(50);
  });

  test.each(payloads)('$name $index has an outcome', async ({ name, payload }) => {
    const outcome = await outcomeOf(name, payload);
    expect(['run', 'nothing']).toContain(outcome.kind);
    if (outcome.kind === 'run') expect(outcome.event.commit).toMatch(/^[0-9a-f]{40}$/);
  });

  test.each(payloads.filter(({ name }) => name === 'push'))(
    'push $index has the right outcome',
    async ({ payload }) => {
      const { ref, deleted, head_commit: head } = JSON.parse(payload) as Shape;
      const outcome = await outcomeOf('push', payload);
      if (deleted === true || ref?.startsWith('refs/tags/') === true) expect(outcome.kind).toBe('nothing');
      else {
        expect(outcome).toMatchObject({
          kind: 'run',
          event: {
            commit: head?.id,
            message: head?.message,
            branch: 'master',
            defaultBranch: 'master',
            trust: { kind: 'trusted' },
            repository: { owner: 'Codertocat', name: 'Hello-World' },
          },
        });
      }
    },
  );

  test('of push hold branches, tags and deletions', async () => {
    const pushes = payloads.filter(({ name }) => name === 'push');
    const kinds = await Promise.all(pushes.map(async ({ payload }) => (await outcomeOf('push', payload)).kind));
    expect(kinds.filter((kind) => kind === 'run')).toHaveLength(2);
    expect(kinds.filter((kind) => kind === 'nothing')).toHaveLength(5);
  });

  const untrusted = new Set(['issue_comment', 'issues', 'watch', 'fork', 'star', 'discussion', 'gollum']);
  test.each(payloads.filter(({ name }) => untrusted.has(name)))(
    '$name $index may not push',
    async ({ name, payload }) => {
      expect(await outcomeOf(name, payload)).toMatchObject({ kind: 'run', event: { trust: { kind: 'plan-only' } } });
    },
  );
});
