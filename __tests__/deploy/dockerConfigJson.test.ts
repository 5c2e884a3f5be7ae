import { assert, dictionary, object, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { keysOf, withLogin } from '../../src/deploy/dockerConfigJson';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
const decode = (data: string | undefined): unknown => JSON.parse(Buffer.from(data ?? '', 'base64').toString('utf8'));

test('everything that is there stays', () => {
  assert(
    property(dictionary(string(), object()), object(), (auths, rest) => {
      const before = { ...rest, auths };
      const after = decode(withLogin(encode(before), 'registry.example.com', 'user', 'word'));
      const login = { username: 'user', password: 'word', auth: Buffer.from('user:word').toString('base64') };
      const entries = [...Object.entries(JSON.parse(JSON.stringify(auths)) as object), ['registry.example.com', login]];
      expect(after).toEqual({
        ...(JSON.parse(JSON.stringify(before)) as object),
        auths: Object.fromEntries(entries) as unknown,
      });
    }),
  );
});

test('the same login is written once', () => {
  const once = withLogin(undefined, 'h', 'u', 'p');
  expect(withLogin(once, 'h', 'u', 'p')).toBeUndefined();
  expect(keysOf(once)).toEqual(['h']);
});

test.each([
  ['no JSON', Buffer.from('{').toString('base64')],
  ['a list', encode([])],
  ['auths of another kind', encode({ auths: [] })],
])('what can not be read is not overwritten: %s', (_, data) => {
  expect(() => withLogin(data, 'h', 'u', 'p')).toThrow(/holds no docker configuration/);
});
