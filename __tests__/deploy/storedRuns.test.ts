import { describe, expect, test } from 'vitest';
import type { Answer, Kubectl } from '../../src/deploy/kubectl';
import { readStoredRuns } from '../../src/deploy/storedRuns';
import { bounds } from '../../src/system/bounds';
import { compiledWorkflow, scheduledWorkflow } from './kfpObjects';

const old = { driver: 'ghcr.io/kubeflow/kfp-driver:2.5.0', launcher: 'ghcr.io/kubeflow/kfp-launcher:2.5.0' };

const own = { namespace: 'kubeflow', multiUser: false };
const said = (stdout: object): Answer => ({ exitCode: 0, stdout: JSON.stringify(stdout), stderr: '' });
const refused = (stderr: string): Answer => ({ exitCode: 1, stdout: '', stderr });

/** Answers each list of recurring runs; of failed ones there are none. */
const kubectl =
  (answer: (url: URL) => Answer): Kubectl =>
  ({ args }) => {
    const url = new URL(args[2] ?? '', 'http://cluster');
    return Promise.resolve(url.pathname.endsWith('/scheduledworkflows') ? answer(url) : said({ items: [] }));
  };
const pinned = scheduledWorkflow('pinned', { workflow: compiledWorkflow(old) }) as { readonly metadata: object };
const numbered = (index: number): object => ({ ...pinned, metadata: { ...pinned.metadata, name: `r-${index}` } });

test('one object that is not as expected hides no other', async () => {
  // As KFP 2.17.0 stores one with a pipeline's ID only.
  const unpinned = {
    ...pinned,
    metadata: { name: 'unpinned' },
    spec: { enabled: true, pipelineId: 'p', workflow: {} },
  };
  const odd = { metadata: { name: 'odd' }, spec: { enabled: 'yes' } };
  const { recurring, notes } = await readStoredRuns(
    kubectl(() => said({ items: [unpinned, odd, pinned] })),
    own,
  );
  expect(recurring.map(({ name }) => name)).toEqual(['unpinned', 'pinned']);
  expect(notes).toEqual(["1 of the recurring runs can't be read, and are left out."]);
});

/** A cluster with so many, page by page as the API server gives them. */
const pages = (count: number, asked: number[]): ((url: URL) => Answer) => {
  const all = Array.from({ length: count }, (_, index) => numbered(index));
  return ({ searchParams }) => {
    const limit = Number(searchParams.get('limit'));
    asked.push(limit);
    const from = Number(searchParams.get('continue') ?? '0');
    const to = Math.min(all.length, from + limit);
    return said({ metadata: to < all.length ? { continue: String(to) } : {}, items: all.slice(from, to) });
  };
};

test('thousands are read page by page, in larger and larger ones', async () => {
  const asked: number[] = [];
  const { recurring, notes } = await readStoredRuns(kubectl(pages(5000, asked)), own);
  expect(notes).toEqual([]);
  expect(new Set(recurring.map(({ name }) => name)).size).toBe(5000);
  expect(asked.slice(0, 4)).toEqual([10, 40, 160, 500]);
  expect(asked.length).toBeLessThan(15);
});

test('a page that is too large to be read is asked for in smaller ones', async () => {
  const asked: number[] = [];
  const page = pages(300, asked);
  const { recurring, notes } = await readStoredRuns(
    kubectl((url) => {
      if (Number(url.searchParams.get('limit')) > 100) throw new Error('The cluster answered more than 32 MiB');
      return page(url);
    }),
    own,
  );
  expect(notes).toEqual([]);
  expect(recurring).toHaveLength(300);
});

test('a list whose beginning is no longer kept is read again from the beginning', async () => {
  const page = pages(100, []);
  let isOver = false;
  const { recurring, notes } = await readStoredRuns(
    kubectl((url) => {
      if (isOver || !url.searchParams.has('continue')) return page(url);
      isOver = true;
      return refused('Error from server (Expired): The provided continue parameter is too old to display a list');
    }),
    own,
  );
  expect(notes).toEqual([]);
  expect(recurring).toHaveLength(100);
});

test.each([
  ['objects', Array.from({ length: 500 }, () => ({}))],
  ['nothing', []],
])('a list of %s without an end is given up', async (_, items) => {
  const endless = JSON.stringify({ metadata: { continue: 'more' }, items });
  const { recurring, notes } = await readStoredRuns(
    kubectl(() => ({ exitCode: 0, stdout: endless, stderr: '' })),
    own,
  );
  expect(recurring).toEqual([]);
  expect(notes.join()).toContain(`has more than ${bounds.cluster.objects} scheduledworkflows.kubeflow.org`);
});

describe('of which namespaces', () => {
  const looked = async (multiUser: boolean, answer: (url: URL) => Answer) => {
    const paths: string[] = [];
    const { notes, recurring } = await readStoredRuns(
      kubectl((url) => {
        paths.push(url.pathname);
        return answer(url);
      }),
      { namespace: 'kubeflow', multiUser },
    );
    return { paths, notes, count: recurring.length };
  };
  const all = '/apis/kubeflow.org/v1beta1/scheduledworkflows';
  const here = '/apis/kubeflow.org/v1beta1/namespaces/kubeflow/scheduledworkflows';
  const one = (): Answer => said({ items: [pinned] });
  const forbidden = refused('Error from server (Forbidden): scheduledworkflows.kubeflow.org is forbidden');

  test('of its own where the apiserver serves it alone: others may be those of another installation', async () => {
    expect(await looked(false, one)).toEqual({ paths: [here], notes: [], count: 1 });
  });

  test('of all where it serves them all; where the user may not, of its own, which is said', async () => {
    expect(await looked(true, one)).toEqual({ paths: [all], notes: [], count: 1 });
    const { paths, notes, count } = await looked(true, ({ pathname }) => (pathname === all ? forbidden : one()));
    expect({ paths, count }).toEqual({ paths: [all, here], count: 1 });
    expect(notes).toEqual([
      'Of recurring runs only those of this namespace could be looked at: the user may not list scheduledworkflows.kubeflow.org of all.',
    ]);
  });

  test('of none where the cluster has no such kind, which is no note', async () => {
    const absent = refused('Error from server (NotFound): the server could not find the requested resource');
    expect(await looked(true, () => absent)).toMatchObject({ notes: [], count: 0 });
  });
});
