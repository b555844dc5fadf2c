import { expect, test } from 'vitest';

import { describeText } from '../../cli/run-output.ts';
import type { RestoreResource } from '../../domain/api-resource.ts';
import { NO_RESTORE_COUNTS } from '../../domain/restore.ts';

// Goal: a person who looks at a restore reads what it did not bring back, and why.

const RESTORE: RestoreResource = {
  apiVersion: 'holdfast.dev/v1',
  kind: 'Restore',
  metadata: { name: 'r', uid: 'u', location: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'], excludedNamespaces: [] },
    namespaceMapping: { shop: 'copy' },
  },
  status: {
    ...{ phase: 'Completed', progress: { itemsDone: 3, itemsTotal: 3 }, warnings: 2, errors: 0 },
    counts: { ...NO_RESTORE_COUNTS, created: 3 },
    leftOut: [
      { reason: 'not asked for', type: 'pods', items: 4 },
      { reason: 'never restored', type: 'nodes', items: 1 },
      { reason: 'not asked for', type: 'secrets', items: 2 },
    ],
    cycles: { count: 3, items: ['machines/x/a', 'machines/x/b'] },
    tooDeep: 7,
    failedVolumes: [{ code: 'repository-password', message: 'volume shop/data: another password' }],
  },
};

test('what is left out is counted by reason, and what could not be in order is named', () => {
  const lines = describeText(RESTORE, 0)
    .split('\n')
    .map((line) => line.replace(/: +/, ': '));
  expect(lines).toEqual(expect.arrayContaining(['Backup: b', 'Mapping: shop to copy']));
  expect(lines).toContain('Error: volume shop/data: another password');
  expect(lines.filter((line) => /^(Left|In a|Too)/.test(line))).toEqual([
    'Left out: 6: not asked for',
    'Left out: 1: never restored',
    'In a circle: machines/x/a, machines/x/b, 1 more',
    'Too deep: 7, applied together with owners of theirs',
  ]);
});

test('a restore that left nothing out says nothing of it', () => {
  const { phase, progress, warnings, errors, counts } = RESTORE.status;
  const status = { phase, progress, warnings, errors, ...(counts && { counts }) };
  const text = describeText({ ...RESTORE, status }, 0);
  expect(text).not.toMatch(/Left out|circle|deep/);
});
