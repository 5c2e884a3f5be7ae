import { afterEach, expect, it, vi } from 'vitest';
import { namingEvents } from '../../src/event/trust';
import { signatureStatement } from '../../src/publish/attest/statement';
import { keylessSigner } from '../../src/sigstore/keyless';
import { parseTrustedRoot } from '../../src/sigstore/trustedRoot';
import { openBundle } from '../../src/sigstore/verify';
import { startSigstore, type Job } from '../support/sigstoreServices';

/* Which jobs a name stands for that somebody asks to have signed: by certificates of Sigstore's own fake. */

const ours = 'dana/pipelines/.github/workflows/images.yml';
const called = 'kfp-images/kfp-images/.github/workflows/build-backend-images.yaml@refs/tags/v1';
const url = (path: string): string => `https://github.com/${path}`;

afterEach(() => void vi.unstubAllEnvs());

/** Signs as a job; gives what is wrong with it as a signature of a name. */
async function signedBy(job: Job): Promise<(name: string, events?: ReadonlySet<string>) => string | undefined> {
  await using sigstore = await startSigstore(job);
  for (const [name, value] of Object.entries({ ...sigstore.env, GITHUB_WORKFLOW_REF: job.workflow }))
    vi.stubEnv(name, value);
  const bundle = openBundle(
    await keylessSigner(process.env).sign(signatureStatement('registry.example/driver', `sha256:${'a'.repeat(64)}`)),
  );
  const root = parseTrustedRoot(sigstore.trustedRoot, 'the fake');
  const issuer = 'https://token.actions.githubusercontent.com';
  return (name, events = namingEvents) => bundle?.check({ kind: 'identity', name, issuer, root, events });
}

it('a job goes by its workflow and ref, and by patterns of both', async () => {
  const check = await signedBy({ workflow: `${ours}@refs/heads/release/2.17` });
  expect(check(url(`${ours}@refs/heads/release/2.17`))).toBeUndefined();
  expect(check(url(`${ours}@refs/heads/release/*`))).toBeUndefined();
  expect(check(url('dana/pipelines/.github/workflows/*@refs/heads/*'))).toBeUndefined();
  expect(check(url('dana/pipelines/*'))).toBeUndefined();
  expect(check(url(`${ours}@refs/heads/main`))).toContain(`it is signed by ${url(ours)}@refs/heads/release/2.17`);
  expect(check(url('dana/*/workflows/images.yml'))).toBeDefined();
  expect(check(url('dana/pipeline.*'))).toBeDefined();
});

it.each(['x@refs/heads/main', 'images.yml@refs/heads/main', '@refs/heads/main'])(
  'a branch that is called %s is not main',
  async (branch) => {
    const check = await signedBy({ workflow: `${ours}@refs/heads/${branch}` });
    for (const name of [
      `${ours}@refs/heads/main`,
      `*@refs/heads/main`,
      'dana/pipelines/.github/workflows/*@refs/heads/main',
    ])
      expect(check(url(name)), name).toContain('it is signed by');
    expect(check(url(`${ours}@refs/heads/${branch}`))).toBeUndefined();
    expect(check(url('dana/pipelines/.github/workflows/*'))).toBeUndefined();
  },
);

it("a job in a workflow of another repository goes by the one that called it: everybody's have the called one in common", async () => {
  const check = await signedBy({ workflow: `${ours}@refs/heads/main`, called });
  expect(check(url(`${ours}@refs/heads/main`))).toBeUndefined();
  expect(check(url('dana/pipelines/.github/workflows/*@refs/heads/main'))).toBeUndefined();
  const refused = `it is signed by ${url(ours)}@refs/heads/main, through ${url(called)}`;
  expect(check(url(called))).toContain(refused);
  expect(check(url('kfp-images/*'))).toContain(refused);
  const stranger = await signedBy({ workflow: `mallory/${ours.slice('dana/'.length)}@refs/heads/main`, called });
  for (const name of [called, `${ours}@refs/heads/main`, 'dana/*']) expect(stranger(url(name)), name).toBeDefined();
});

it('within one repository it goes by both', async () => {
  const own = 'dana/pipelines/.github/workflows/build.yml@refs/heads/main';
  const check = await signedBy({ workflow: `${ours}@refs/heads/main`, called: own });
  expect(check(url(own))).toBeUndefined();
  expect(check(url(`${ours}@refs/heads/main`))).toBeUndefined();
  const similar = await signedBy({
    workflow: `${ours}@refs/heads/main`,
    called: own.replace('pipelines', 'pipelines-2'),
  });
  expect(similar(url('dana/pipelines-2/*'))).toBeDefined();
});

it('within one repository the called workflow is no name for a branch that calls the one on main', async () => {
  const onMain = 'dana/pipelines/.github/workflows/build.yml@refs/heads/main';
  for (const branch of ['topic', 'x@refs/heads/main', '@refs/heads/main']) {
    const ran = `dana/pipelines/.github/workflows/mine.yml@refs/heads/${branch}`;
    const check = await signedBy({ workflow: ran, called: onMain });
    for (const name of [onMain, 'dana/pipelines/.github/workflows/*@refs/heads/main'])
      expect(check(url(name)), name).toContain(`it is signed by ${url(ran)}, through ${url(onMain)}`);
    expect(check(url(ran))).toBeUndefined();
  }
});

it.each(['pull_request_target', 'workflow_run', 'issue_comment', 'check_suite', 'an-event-of-tomorrow'])(
  'a run that %s started is no run on main, though its certificate says so',
  async (event) => {
    const check = await signedBy({ workflow: `${ours}@refs/heads/main`, event });
    for (const name of [`${ours}@refs/heads/main`, 'dana/pipelines/*'])
      expect(check(url(name)), name).toContain(
        `it is signed by ${url(ours)}@refs/heads/main (https://token.actions.githubusercontent.com) in a run that ${event} started`,
      );
    expect(check(url(`${ours}@refs/heads/main`), new Set([...namingEvents, event]))).toBeUndefined();
    // Another's name is no better for it.
    expect(check(url(`${ours}@refs/heads/other`), new Set([event]))).toContain('it is signed by');
  },
);

it.each(['push', 'workflow_dispatch', 'schedule', 'release', 'repository_dispatch', 'merge_group', 'create'])(
  'a run that %s started counts by its name',
  async (event) => {
    const check = await signedBy({ workflow: `${ours}@refs/heads/main`, event });
    expect(check(url(`${ours}@refs/heads/main`))).toBeUndefined();
  },
);

it('a pull request goes by its own ref, and by no branch', async () => {
  const check = await signedBy({ workflow: `${ours}@refs/pull/7/merge`, event: 'pull_request' });
  expect(check(url(`${ours}@refs/heads/main`))).toContain('it is signed by');
  expect(check(url(`${ours}@refs/pull/*`))).toBeUndefined();
});

it.each([
  ['https://token.actions.githubusercontent.com/acme', undefined],
  ['https://token.actions.githubusercontent.com/acme/x', 'it is signed by'],
  ['https://token.actions.githubusercontent.com.example', 'it is signed by'],
  ['https://token.actions.githubusercontent.com/', 'it is signed by'],
])('the issuer %s: an enterprise may have one of its own below that of github.com', async (issuer, refused) => {
  const check = await signedBy({ workflow: `${ours}@refs/heads/main`, issuer });
  const said = check(url(`${ours}@refs/heads/main`));
  if (refused === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(refused);
});
