import { describe, expect, test } from 'vitest';
import {
  chooseDestination,
  guardDefaultBranch,
  withoutLogin,
  type BranchConfiguration,
} from '../../src/commands/trigger/destination';
import { explainPush, quotedOutput } from '../../src/commands/trigger/refusal';

const none: BranchConfiguration = {
  branch: 'work',
  remote: undefined,
  merge: undefined,
  pushRemote: undefined,
  pushDefault: undefined,
  remotes: ['origin', 'upstream'],
};
const tracking = (remote: string, branch = 'work'): Partial<BranchConfiguration> => ({
  remote,
  merge: `refs/heads/${branch}`,
});

describe('where a branch goes', () => {
  const cases: readonly (readonly [string, Partial<BranchConfiguration>, string, string, boolean])[] = [
    ['its upstream', tracking('upstream', 'other'), 'upstream', 'other', false],
    [
      'its upstream, which is also where it pushes',
      { ...tracking('origin'), pushDefault: 'origin' },
      'origin',
      'work',
      false,
    ],
    ['pushRemote before its upstream', { ...tracking('upstream'), pushRemote: 'origin' }, 'origin', 'work', false],
    ['pushRemote before pushDefault', { pushRemote: 'upstream', pushDefault: 'origin' }, 'upstream', 'work', true],
    ['pushDefault before origin', { pushDefault: 'upstream' }, 'upstream', 'work', true],
    ['a remote without a branch', { remote: 'upstream' }, 'upstream', 'work', true],
    ['origin', {}, 'origin', 'work', true],
    ['the only remote', { remotes: ['fork'] }, 'fork', 'work', true],
    ['a branch of this repository stays its upstream', tracking('.', 'main'), 'origin', 'work', false],
    [
      'an address',
      { ...tracking('https://example.com/fork.git'), remotes: [] },
      'https://example.com/fork.git',
      'work',
      false,
    ],
    ['a tag is not an upstream', { remote: 'origin', merge: 'refs/tags/v1' }, 'origin', 'work', true],
  ];
  test.each(cases)('%s', (_name, configuration, remote, branch, setUpstream) => {
    expect(chooseDestination({ ...none, ...configuration })).toEqual({ remote, branch, setUpstream });
  });

  test.each([
    ['no remote', { remotes: [] }, 'no remote'],
    ['several', { remotes: ['one', 'two'] }, 'which of the remotes one, two'],
    [
      'an unknown remote',
      { pushRemote: 'orgin' },
      'the remote "orgin", which does not exist (there are: origin, upstream)',
    ],
    ['an option in disguise', { pushRemote: '--upload-pack=/bin/sh' }, 'which does not exist'],
    ['an unknown remote, of none', { pushRemote: 'x', remotes: [] }, 'which does not exist. Add it'],
  ])('%s is an error', (_name, configuration, text) => {
    expect(() => chooseDestination({ ...none, ...configuration })).toThrow(text);
  });

  test('only the default branch under another name is guarded', () => {
    const place = (branch: string) => ({ remote: 'origin', branch, setUpstream: false });
    expect(() => guardDefaultBranch('fix', place('trunk'), 'trunk')).toThrow('the default branch');
    expect(() => guardDefaultBranch('fix', place('master'), undefined)).toThrow('the default branch');
    guardDefaultBranch('fix', place('master'), 'trunk');
    guardDefaultBranch('main', place('main'), 'main');
    guardDefaultBranch('fix', place('team/fix'), undefined);
  });
});

describe('why a push failed', () => {
  const place = { remote: 'origin', branch: 'work', setUpstream: false };
  const rejected = (why: string): string => `To x\n!\trefs/heads/work:refs/heads/work\t${why}\nDone\n`;
  const cases: readonly (readonly [string, string, string, string, boolean])[] = [
    ['not fetched', rejected('[rejected] (fetch first)'), '', '--sync', false],
    ['behind', rejected('[rejected] (non-fast-forward)'), '', '--sync', false],
    ['branch protection', rejected('[remote rejected] (protected branch hook declined)'), '', 'is protected', false],
    [
      'a ruleset',
      rejected('[remote rejected] (push declined due to repository rule violations)'),
      '',
      'is protected',
      false,
    ],
    [
      'the workflow scope',
      rejected(
        '[remote rejected] (refusing to allow a Personal Access Token to create or update workflow `.github/workflows/x.yaml` without `workflow` scope)',
      ),
      '',
      'gh auth refresh -s workflow',
      false,
    ],
    ['a hook', rejected('[remote rejected] (pre-receive hook declined)'), '', 'a hook of the server', false],
    [
      'a private address',
      rejected('[remote rejected] (push declined due to email privacy restrictions)'),
      'remote: error: GH007',
      'noreply',
      false,
    ],
    [
      'a large file',
      rejected('[remote rejected] (pre-receive hook declined)'),
      'remote: error: GH001: Large files detected.',
      'larger than',
      false,
    ],
    ['no report', rejected('[remote failure] (remote failed to report status)'), '', 'did not say', true],
    ['something else', rejected('[remote rejected] (unpacker error)'), '', '(unpacker error)', false],
    [
      'ssh key',
      '',
      'git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.',
      'login',
      false,
    ],
    [
      'no password',
      '',
      "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
      'login',
      false,
    ],
    ['no right', '', 'ERROR: Permission to kubeflow/pipelines.git denied to dana.', 'may read but not write', false],
    [
      'no repository',
      '',
      "remote: Repository not found.\nfatal: repository 'https://github.com/x/y/' not found",
      'no such repository',
      false,
    ],
    ['no name', '', 'fatal: unable to access: Could not resolve host: github.com', 'could not be reached', false],
    ['host key', '', 'Host key verification failed.\nfatal: Could not read from remote repository.', 'host key', false],
    [
      'cut off',
      '',
      'send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly',
      'the connection broke',
      true,
    ],
    ['silence', '', '', 'git could not push', true],
  ];
  test.each(cases)('%s', (_name, stdout, stderr, text, mayHaveArrived) => {
    const refusal = explainPush({ stdout, stderr, hook: false }, place);
    expect(refusal.why).toContain(text);
    expect(refusal.mayHaveArrived).toBe(mayHaveArrived);
  });

  test('a pre-push hook', () => {
    expect(explainPush({ stdout: '', stderr: 'error: failed to push some refs', hook: true }, place).why).toContain(
      'pre-push',
    );
  });

  test('a megabyte of output and control characters are cut down', () => {
    const shown = quotedOutput(`${'x'.repeat(1_000_000)}\n\u001b[31mred\u0007\r\nfrom https://dana:pw@example.com/x\n`);
    expect(shown.length).toBeLessThan(9000);
    expect(shown).toContain('\n  red\n  from https://example.com/x');
  });
});

test('logins are taken out of addresses', () => {
  expect(withoutLogin('a https://u:p@h/x ssh://git@h/y git@h:z')).toBe('a https://h/x ssh://h/y git@h:z');
  const begin = performance.now();
  withoutLogin('a://'.repeat(250_000));
  expect(performance.now() - begin).toBeLessThan(60_000);
});
