import { expect, test } from 'vitest';

import { placementOf, preferNode } from '../../../domain/volumes/placement.ts';

const REQUIRED = { nodeSelectorTerms: [{ matchExpressions: [] }] };

test('the placement of a pod is its node selector and its node affinity', () => {
  const pod = {
    metadata: { name: 'web' },
    spec: {
      nodeSelector: { disk: 'fast' },
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: REQUIRED },
        podAffinity: {},
      },
    },
  };
  expect(placementOf(pod)).toEqual({
    nodeSelector: { disk: 'fast' },
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: REQUIRED },
  });
  expect(placementOf({ metadata: { name: 'web' }, spec: {} })).toBeUndefined();
});

test('the node of before is preferred, and nothing that is required is lost', () => {
  const own = { weight: 1, preference: {} };
  const placement = preferNode(
    {
      nodeSelector: { disk: 'fast' },
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: REQUIRED,
        preferredDuringSchedulingIgnoredDuringExecution: [own],
      },
    },
    'node-a',
  );
  const expressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node-a'] }];
  const preference = { weight: 100, preference: { matchExpressions: expressions } };
  expect(placement).toEqual({
    nodeSelector: { disk: 'fast' },
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: REQUIRED,
      preferredDuringSchedulingIgnoredDuringExecution: [own, preference],
    },
  });
  expect(preferNode(undefined, 'node-a')).toEqual({
    nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference] },
  });
});
