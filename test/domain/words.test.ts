import fc from 'fast-check';
import { expect, test } from 'vitest';

import { canonicalJson } from '../../domain/canonical-json.ts';
import { goDuration, parseDuration, recordTime } from '../../domain/duration.ts';
import {
  FAILURE_CODES,
  FAILURE_TYPES,
  httpStatusOf,
  isFailureCode,
  isRetried,
} from '../../domain/failure.ts';
import { labelValue } from '../../domain/label-value.ts';
import { parseStorageLocations } from '../../domain/storage-location.ts';

test('Go durations are read, and nothing else is', () => {
  expect(parseDuration('720h0m0s', 'ttl')).toBe(720 * 3_600_000);
  expect(parseDuration('1.5h30s', 'ttl')).toBe(5_430_000);
  for (const text of ['', '5', 'h', '5 h', '-1h', '1d']) {
    expect(() => parseDuration(text, 'spec.ttl')).toThrow('spec.ttl');
  }
});

test('durations are written as Go writes them', () => {
  const written = ['720h', '48h', '90m', '90s', '60s', '59s'].map((text) =>
    goDuration(parseDuration(text, 'ttl')),
  );
  expect(written).toEqual(['720h0m0s', '48h0m0s', '1h30m0s', '1m30s', '1m0s', '59s']);
  fc.assert(
    fc.property(fc.nat({ max: 3_153_600_000 }), (seconds) => {
      expect(parseDuration(goDuration(seconds * 1000), 'ttl')).toBe(seconds * 1000);
    }),
  );
});

test('times of the record have whole seconds', () => {
  expect(recordTime(Date.UTC(2026, 10, 24, 1, 2, 3, 456))).toBe('2026-11-24T01:02:03Z');
});

test('equal values have equal canonical text, whatever the order of their keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(turned)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('every code has a type, and the type decides about retries and status', () => {
  for (const [code, { type }] of Object.entries(FAILURE_CODES)) {
    expect(isFailureCode(code) && isRetried(code)).toBe(FAILURE_TYPES[type].isRetried);
    expect(isFailureCode(code) && httpStatusOf(code)).toBe(FAILURE_TYPES[type].httpStatus);
  }
});

test('a name that is too long for a label is shortened as Velero does', () => {
  expect(labelValue('short', () => 'unused')).toBe('short');
  expect(labelValue('n'.repeat(70), () => 'abcdef0123')).toBe(`${'n'.repeat(57)}abcdef`);
});

test('locations are read, and each mistake names its field', () => {
  const [location] = parseStorageLocations(
    '[{"name":"default","provider":"s3","bucket":"b","prefix":"/p/","endpoint":"http://s"}]',
  );
  expect(location).toMatchObject({ prefix: 'p', region: 'us-east-1', isPathStyle: true });
  const mistakes: [string, string][] = [
    ['{', 'not JSON'],
    ['[]', 'locations'],
    ['[{"name":"a","provider":"ftp"}]', 'locations[0].provider'],
    ['[{"name":"a","provider":"s3"}]', 'locations[0].bucket'],
    ['[{"name":"A","provider":"folder","path":"/x"}]', 'locations[0].name'],
    ['[{"name":"a","provider":"folder","path":"x"}]', 'locations[0].path'],
    ['[{"name":"a","provider":"folder","path":"/x","bucket":"b"}]', 'locations[0].bucket'],
    ...['1023', '2048.5', '-1', '"1M"', 'null'].map((limit): [string, string] => [
      `[{"name":"a","provider":"folder","path":"/x","uploadBytesPerSecond":${limit}}]`,
      'locations[0].uploadBytesPerSecond must be a whole number of at least 1024; leave it out for no limit',
    ]),
    [
      '[{"name":"a","provider":"s3","bucket":"b","downloadBytesPerSecond":0}]',
      'locations[0].downloadBytesPerSecond',
    ],
  ];
  for (const [text, field] of mistakes) {
    expect(() => parseStorageLocations(text)).toThrow(field);
  }
});
