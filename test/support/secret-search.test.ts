import { gzipSync, zstdCompressSync } from 'node:zlib';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SecretSearch } from './secret-search.ts';

// Goal: what says that a secret is nowhere would have found it. Method: the value in each form that it may have.

const VALUE = 'planted0object0value0b7f3a9c2d1e';
const search = new SecretSearch(VALUE);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const found = (content: Buffer | string) => search.in([{ place: 'here', content }]).length === 1;

test.each<[string, Buffer | string]>([
  ['as it is', `password=${VALUE};`],
  ['in a text of JSON in a text of JSON', JSON.stringify(JSON.stringify({ a: { b: VALUE } }))],
  ['in hexadecimal digits', Buffer.from(VALUE).toString('hex')],
  ['as the data of a Secret', base64(VALUE)],
  ['packed by gzip', gzipSync(`{"a":"${VALUE}"}`)],
  ['in the second member of a gzip file', Buffer.concat([gzipSync('first'), gzipSync(VALUE)])],
  ['packed by zstd', zstdCompressSync(VALUE)],
  ['packed twice', gzipSync(gzipSync(base64(VALUE)))],
])('a value is found %s', (_form, content) => {
  expect(found(content)).toBe(true);
});

test('a value is found at every alignment of base64, also of base64', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (first, second, last) => {
      const once = base64(`${first}${VALUE}${last}`);
      expect(found(once)).toBe(true);
      expect(found(base64(`${second}${once}${last}`))).toBe(true);
      expect(found(base64(`${second}${base64(VALUE)}${last}`))).toBe(true);
    }),
  );
});

test('another value is not found', () => {
  const other = VALUE.replace('planted', 'painted');
  expect([other, base64(other), gzipSync(other)].map(found)).toEqual([false, false, false]);
  expect(search.in([{ place: `/${VALUE}`, content: '' }])).toEqual([`/${VALUE}`]);
});
