import { expect, test } from 'vitest';

import type { FailureReport, FieldError } from '../../domain/failure.ts';
import { RestoreScope } from '../../domain/restore/restore-scope.ts';
import { readTypes } from '../../domain/restore/restore-types.ts';
import { readStatusTypes } from '../../domain/restore/status-rule.ts';
import { whyNotServed } from '../../domain/restore/version-choice.ts';
import { shortErrors, shortList } from '../../domain/short-list.ts';
import { servedType } from '../support/memory-cluster.ts';
import { SPEC } from '../support/wanted-fixture.ts';

// Goal: a refusal fits into a payload of Temporal, however much is wrong with a request or however long its names are,
// and says how much of it is not told.

const PAYLOAD_LENGTH_MAX = 64 * 1024;
const LONG_NAMES = Array.from({ length: 1000 }, (_, index) => String(index).padStart(253, 'n'));

function errorsOf(length: number, detail = 'is wrong'): FieldError[] {
  return Array.from({ length }, () => ({ pointer: '/spec', code: 'invalid-request', detail }));
}

test('a list tells all names, or the first ones and how many more', () => {
  expect(shortList([])).toBe('');
  expect(shortList(['a', 'b', 'c'])).toBe('a, b, c');
  expect(shortList(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  expect(shortList(Array.from({ length: 60 }, () => 'a'))).toMatch(/^(a, ){49}a and 10 more$/);
  expect(shortList(LONG_NAMES)).toMatch(/^n+0, .*, n+30 and 969 more$/);
});

test('a refusal tells all errors, or the first ones and how many more', () => {
  expect(shortErrors(errorsOf(50))).toEqual(errorsOf(50));
  expect(shortErrors(errorsOf(51))).toEqual([
    ...errorsOf(49),
    ...errorsOf(1, 'is wrong; and 1 more errors'),
  ]);
  expect(shortErrors(errorsOf(10, 'x'.repeat(5000)))).toHaveLength(4);
  expect(shortErrors(errorsOf(1, 'x'.repeat(30_000)))).toHaveLength(1);
});

const KNOWN = {
  backupName: 'b',
  held: LONG_NAMES.map((name) => servedType(`${name}.example.com`, 'Widget')),
  served: [],
  failedGroups: [],
};
const UNKNOWN = LONG_NAMES.map((name) => `un${name}`);

function refusalOfTypes(): FailureReport | undefined {
  const answer = readTypes({ includedResources: UNKNOWN }, KNOWN);
  return 'refusal' in answer ? answer.refusal : undefined;
}

function refusalOfStatus(): FailureReport | undefined {
  const answer = readStatusTypes({ includedResources: UNKNOWN }, KNOWN);
  return 'refusal' in answer ? answer.refusal : undefined;
}

function refusalOfServed(): FailureReport | undefined {
  const [versions, preferred] = [new Set(['v1']), 'v1'];
  const unserved = LONG_NAMES.map((type) => ({ type, group: 'x.io', preferred, versions }));
  return whyNotServed({ backupName: 'b', unserved, served: new Map(), failedGroups: [] });
}

function refusalOfNamespaces(): FailureReport | undefined {
  const spec = { ...SPEC, includedNamespaces: LONG_NAMES };
  return new RestoreScope({ spec, own: 'holdfast' }).refusal();
}

test.each([
  { of: 'types that nobody knows', refusal: refusalOfTypes() },
  { of: 'types that nobody knows, for their status', refusal: refusalOfStatus() },
  { of: 'types that are not served', refusal: refusalOfServed() },
  { of: 'namespaces that the backup lacks', refusal: refusalOfNamespaces() },
])('a refusal of a thousand long $of fits into a payload, and counts the rest', ({ refusal }) => {
  const text = JSON.stringify(refusal);
  expect(text.length).toBeLessThan(PAYLOAD_LENGTH_MAX);
  expect(text).toMatch(/ and \d+ more/);
});
