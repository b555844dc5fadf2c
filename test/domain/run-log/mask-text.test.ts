import { describe, expect, test } from 'vitest';

import { maskedText } from '../../../domain/run-log/mask-text.ts';

describe('a text for the log of a run', () => {
  test.each([
    ['DB_PASSWORD=hunter2-xyz', 'DB_PASSWORD=***'],
    ['password: "two words"; done', 'password: ***; done'],
    ['{"api_key": "k-123", "rows": 4}', '{"api_key": ***, "rows": 4}'],
    ['postgres://app:s3cr3t@db:5432/shop', 'postgres://***@db:5432/shop'],
    ['Authorization: Bearer abcdefgh12345', 'Authorization: Bearer ***'],
    ['AWS_SECRET_ACCESS_KEY=abc/def+1', 'AWS_SECRET_ACCESS_KEY=***'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nok', '***\nok'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE', '***'],
  ])('lacks what looks like a secret: %j', (text, masked) => {
    expect(maskedText(text)).toBe(masked);
  });

  test.each(['the secret of the namespace shop is gone', 'wrote 12 rows', 'tokens are read again'])(
    'is left as it is otherwise: %s',
    (text) => {
      expect(maskedText(text)).toBe(text);
    },
  );
});
