import { describe, expect, it } from 'vitest';
import { readAgents, readOutputs, readPairs, readSecrets } from '../../src/event/secretInputs';

/** What is read of a text, and what is said of it. */
function reading<T>(read: (text: string, mistake: (text: string) => void) => T) {
  return (text: string): { readonly found: T; readonly mistakes: readonly string[] } => {
    const mistakes: string[] = [];
    return { found: read(text, (each) => mistakes.push(each)), mistakes };
  };
}

describe('secrets', () => {
  const read = reading(readSecrets);

  it('are lines, or quoted over several lines', () => {
    const text = 'a=1\n\n  b=x=y, "z"  \r\n"netrc=machine h\n  login ""ci""\npassword p"\nc=3';
    expect(read(text)).toEqual({
      found: new Map([
        ['a', '1'],
        ['b', 'x=y, "z"'],
        ['netrc', 'machine h\n  login "ci"\npassword p'],
        ['c', '3'],
      ]),
      mistakes: [],
    });
  });

  it('are never shown where they can’t be read', () => {
    const { mistakes } = read('a=1\nhunter2-without-a-name\n"b=1\n2"\n=x\nempty=');
    expect(mistakes).toEqual([
      'line 2 is not ID=VALUE (it is not shown, because it may be secret)',
      'line 5 is not ID=VALUE (it is not shown, because it may be secret)',
      'the secret empty is empty; is the secret of that name set?',
    ]);
  });
});

it('pairs and agents', () => {
  const pairs = reading((text, mistake) => readPairs(text, 'ID=PATH', mistake));
  expect(pairs('a=/x, b = y z\nc')).toEqual({
    found: new Map([
      ['a', '/x'],
      ['b', 'y z'],
    ]),
    mistakes: ['an entry is not ID=PATH: "c"'],
  });
  expect(reading(readAgents)('default, key=/run/agent').found).toEqual(
    new Map([
      ['default', ''],
      ['key', '/run/agent'],
    ]),
  );
});

it('outputs', () => {
  const read = reading(readOutputs);
  expect(read('type=oci,dest=out/{{image}}.tar\n\ntype=docker,dest={{image}}-{{sha}}.tar')).toEqual({
    found: [
      { type: 'oci', dest: 'out/{{image}}.tar' },
      { type: 'docker', dest: '{{image}}-{{sha}}.tar' },
    ],
    mistakes: [],
  });
  expect(read('type=local,dest=x\ntype=oci,dest=x.tar\ntype=oci,dest={{image}}{{branch}}').mistakes).toEqual([
    '"type=local,dest=x" is not type=oci,dest=PATH or type=docker,dest=PATH',
    '"type=oci,dest=x.tar" must hold {{image}}, or one image would overwrite another',
    '"type=oci,dest={{image}}{{branch}}" has a placeholder that is not known; known: {{image}}, {{sha}}, {{short_sha}}',
  ]);
});
