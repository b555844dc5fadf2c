import { expect, test } from 'vitest';

import { repositoryPassword } from '../../../activities/engine/repository-password.ts';

const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const SHOP = { clusterUid: '11111111-2222-3333-4444-555555555555', namespace: 'shop' };

test('derives the same password for ever, from the key and the name of the repository alone', () => {
  expect(repositoryPassword(KEY, SHOP)).toBe('g7P74zwCsHhJZapvw8mDLDYWn6RjwBsTBbKWKGqh9kE');
  expect(repositoryPassword(` ${KEY.toUpperCase()}\n`, SHOP)).toBe(repositoryPassword(KEY, SHOP));
  expect(repositoryPassword(KEY, { ...SHOP, namespace: 'other' })).not.toBe(
    repositoryPassword(KEY, SHOP),
  );
});

test.each(['', KEY.slice(2), `${KEY}00`, KEY.replace('0', 'g')])(
  'refuses %j as a master key and does not show it',
  (key) => {
    expect(() => repositoryPassword(key, SHOP)).toThrow(
      expect.objectContaining({
        code: 'master-key-not-usable',
        message: 'the master key of the installation is not 64 hexadecimal digits',
      }),
    );
  },
);
