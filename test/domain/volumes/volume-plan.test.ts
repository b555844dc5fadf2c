import { expect, test } from 'vitest';

import type { VolumeCoverage } from '../../../domain/coverage.ts';
import { claimFacts } from '../../../domain/volumes/volume-facts.ts';
import { planVolumes, volumeBatches } from '../../../domain/volumes/volume-plan.ts';

function row(fields: Partial<VolumeCoverage>): VolumeCoverage {
  return {
    ...{ namespace: 'shop', source: 'persistentVolumeClaim', action: 'fs-backup' },
    ...fields,
  };
}

const CLAIM = claimFacts({ metadata: { namespace: 'shop', name: 'data', uid: 'u-1' } });

test('what is copied from its file system is planned, by pod, and nothing else', () => {
  const rows = [
    row({ claim: 'idle' }),
    row({ claim: 'data', pod: 'web', volume: 'disk', persistentVolume: 'pv-1' }),
    row({ claim: 'left', reason: 'opted-out' }),
    row({ claim: 'snapped', action: 'snapshot' }),
    row({ pod: 'web', volume: 'cache', source: 'emptyDir' }),
    row({ namespace: 'bank', claim: 'ledger' }),
  ];
  const pvc = { source: 'persistentVolumeClaim' };
  expect(planVolumes(rows, [CLAIM])).toEqual([
    { ...pvc, index: 0, namespace: 'bank', claim: 'ledger', claimUid: '' },
    { ...pvc, index: 1, namespace: 'shop', claim: 'idle', claimUid: '' },
    {
      ...{ ...pvc, index: 2, namespace: 'shop', pod: 'web', volume: 'disk' },
      ...{ claim: 'data', claimUid: 'u-1', persistentVolume: 'pv-1' },
    },
    { index: 3, namespace: 'shop', pod: 'web', volume: 'cache', source: 'emptyDir' },
  ]);
});

test('a plan is cut into batches of fifty, in its order', () => {
  const many = planVolumes(
    Array.from({ length: 120 }, (_, index) => row({ claim: `c${String(index)}` })),
    [],
  );
  const batches = volumeBatches(many);
  expect(batches.map((batch) => batch.length)).toEqual([50, 50, 20]);
  expect(batches.flat()).toEqual(many);
});
