import { expect, test } from 'vitest';

import { seal } from '../../storage/seal.ts';
import { SealOpener } from '../../storage/seal-opener.ts';

// Goal: only the process that asked can read the answer. Method: writer and reader together, as they meet over Temporal.

const text = Buffer.from('{"from":"a","to":"b"}'.repeat(100));

test('what is sealed for a reader comes out whole, and is not seen on its way', () => {
  const reader = new SealOpener();
  const sealed = seal(text, reader.publicKey);
  expect(reader.open(sealed)).toEqual(text);
  expect(sealed.includes('"from"')).toBe(false);
});

test('the same text sealed twice is not the same', () => {
  const reader = new SealOpener();
  expect(seal(text, reader.publicKey)).not.toEqual(seal(text, reader.publicKey));
});

test('another reader cannot open it', () => {
  const sealed = seal(text, new SealOpener().publicKey);
  expect(() => new SealOpener().open(sealed)).toThrow();
});

test.each([0, 43, 44, 1000])('a sealed text whose byte %d was changed is not opened', (place) => {
  const reader = new SealOpener();
  const sealed = seal(text, reader.publicKey);
  sealed.writeUInt8(sealed.readUInt8(place) ^ 1, place);
  expect(() => reader.open(sealed)).toThrow();
});

test('a sealed text that was cut is not opened', () => {
  const reader = new SealOpener();
  const sealed = seal(text, reader.publicKey);
  expect(() => reader.open(sealed.subarray(0, -1))).toThrow();
  expect(() => reader.open(sealed.subarray(0, 20))).toThrow();
});
