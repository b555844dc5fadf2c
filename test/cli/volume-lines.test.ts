import { expect, test } from 'vitest';

import { describeText } from '../../cli/run-output.ts';
import { copiesText, volumesText } from '../../cli/volume-lines.ts';
import type { BackupResource } from '../../domain/api-resource.ts';
import type { CoverageReport } from '../../domain/coverage.ts';

// Goal: a person who looks at a backup sees how far its volumes are, and of an ended one what proves each copy.

const BACKUP: BackupResource = {
  apiVersion: 'holdfast.dev/v1',
  kind: 'Backup',
  metadata: { name: 'b', uid: 'u', location: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' },
  status: {
    ...{ phase: 'InProgress', step: 'volumes', warnings: 0, errors: 0 },
    progress: { itemsDone: 3, itemsTotal: 3 },
    volumes: {
      ...{ total: 3, done: 1, failed: 1, filesDone: 7, bytesDone: 2048, bytesTotal: 4096 },
      items: [
        { name: 'shop/data', state: 'Moving', phase: 'Copying', node: 'a', bytesTotal: 4096 },
        { name: 'shop/old', state: 'Done' },
        { name: 'shop/later', state: 'Waiting' },
        {
          ...{ name: 'shop/held', state: 'Waiting' },
          waitingFor: { reason: 'its repository is in use', since: '2026-01-01T10:12:33Z' },
        },
      ],
    },
  },
};

test('a backup under way says how much of its volumes is done, and what happens to each', () => {
  const lines = describeText(BACKUP, 0)
    .split('\n')
    .filter((line) => line.startsWith('Volume'))
    .map((line) => line.replace(/: +/, ': '));
  expect(lines).toEqual([
    'Volumes: 1 of 3 volumes, 1 failed, 2.0 KiB of 4.0 KiB',
    'Volume: shop/data: Copying, 0 % of 4.0 KiB, a',
    'Volume: shop/held: since 10:12:33 UTC: its repository is in use',
  ]);
});

test('the size of volumes is told as soon as something is known of it', () => {
  const none = { ...{ total: 3, done: 0, failed: 0, filesDone: 0, bytesDone: 0 }, bytesTotal: 0 };
  expect(volumesText(none)).toBe('0 of 3 volumes');
  const { bytesTotal, ...ended } = { ...none, done: 3 };
  expect(bytesTotal).toBe(0);
  expect(volumesText(ended)).toBe('3 of 3 volumes, 0 B');
});

test('an ended backup says of each volume what was copied and how that is proven, or why it was not', () => {
  const row = { namespace: 'shop', source: 'persistentVolumeClaim' } as const;
  const volumes: CoverageReport['volumes'] = {
    captured: 2,
    items: [
      {
        ...{ ...row, claim: 'data', action: 'fs-backup' },
        copy: { outcome: 'Complete', files: 7, bytes: 2048, level: 'ReadBack' },
      },
      {
        ...{ ...row, claim: 'none', action: 'fs-backup' },
        copy: { outcome: 'Empty', files: 0, bytes: 0, level: 'ReadBack' },
      },
      { ...row, claim: 'far', action: 'fs-backup', reason: 'copy-failed' },
      { ...row, claim: 'left', action: 'none', reason: 'policy-skip' },
    ],
    leftOut: {},
  };
  // The other parts are not looked at.
  expect(copiesText({ volumes } as CoverageReport)).toBe(
    [
      'Volumes:',
      '  shop/data   7 files, 2.0 KiB, read back',
      '  shop/none   empty, as the volume is',
      '  shop/far    the copy of its data failed (a gap)',
      '',
    ].join('\n'),
  );
});
