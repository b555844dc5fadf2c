import { expect, test } from 'vitest';

import type { KubernetesObject } from '../../../domain/item.ts';
import { addGate, dropGate, GATE } from '../../../domain/restore/pod-gate.ts';

function pod(): KubernetesObject {
  return {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      initContainers: [{ name: 'first' }],
      containers: [{ name: 'web' }],
      volumes: [{ name: 'cache', emptyDir: {} }],
    },
  };
}

test('the gate comes before every other container, with a volume of its own', () => {
  const gated = pod();
  addGate(gated, ['cache', 'tmp'], 'holdfast:1');
  expect(gated['spec']).toMatchObject({
    initContainers: [
      { name: GATE, image: 'holdfast:1', env: [{ name: 'HOLDFAST_GATES', value: 'cache tmp' }] },
      { name: 'first' },
    ],
    containers: [{ name: 'web' }],
    volumes: [{ name: 'cache' }, { name: GATE }],
  });
});

test('a gate of an earlier restore is replaced, or taken out', () => {
  const gated = pod();
  addGate(gated, ['cache'], 'holdfast:1');
  addGate(gated, ['tmp'], 'holdfast:2');
  expect(gated['spec']).toMatchObject({ initContainers: [{ image: 'holdfast:2' }, {}] });
  dropGate(gated);
  expect(gated).toEqual(pod());
});

test('a pod without a gate is not changed', () => {
  const bare: KubernetesObject = { metadata: { name: 'a' }, spec: { containers: [] } };
  dropGate(bare);
  expect(bare).toEqual({ metadata: { name: 'a' }, spec: { containers: [] } });
});
