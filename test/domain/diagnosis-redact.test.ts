import fc from 'fast-check';
import { expect, test } from 'vitest';

import { REDACTED, redacted } from '../../domain/diagnosis/redact.ts';

const PLANTED = 'hush-9f2c';
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

test.each([
  { endpoint: `https://me:${PLANTED}@s3.example.com/b` },
  { proxy: `http://${PLANTED}@proxy:3128` },
  { message: `could not reach https://me:${PLANTED}@s3 in time` },
  { kind: 'Secret', data: { key: PLANTED } },
  { kind: 'Secret', stringData: { key: PLANTED } },
  { secretAccessKey: PLANTED, sessionToken: PLANTED, password: [PLANTED] },
  { hooks: [{ exec: { command: ['sh', '-c', `mysql -p${PLANTED}`] } }] },
  { stderr: PLANTED },
  { header: `Authorization: Bearer ${PLANTED}` },
  { url: `https://s3/b?X-Amz-Signature=${PLANTED}&x=1` },
])('nothing that is planted in %j is left', (value) => {
  expect(JSON.stringify(redacted(value))).not.toContain(PLANTED);
});

test('tokens and keys are known by what they look like', () => {
  expect(redacted(`a ${JWT} b AKIAIOSFODNN7EXAMPLE c`)).toBe(`a ${REDACTED} b ${REDACTED} c`);
});

test('what names a thing or says what is wrong stays', () => {
  const plain = {
    credentials: { secretName: 'vault' },
    spec: { endpoint: 'https://s3.example.com:9000', prefix: 'a@b', isPathStyle: true },
    failure: { code: 'secrets-forbidden', message: 'the Secret holdfast/vault is not there' },
    checks: [1, null, false],
  };
  expect(redacted(plain)).toEqual(plain);
});

test('a value without secrets keeps its shape', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const keys = (of: unknown): unknown => (Array.isArray(of) ? of.length : typeof of);
      expect(keys(redacted(value))).toBe(keys(value));
    }),
  );
});
