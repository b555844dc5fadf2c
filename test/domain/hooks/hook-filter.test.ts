import { expect, test } from 'vitest';

import { isHookFor } from '../../../domain/hooks/hook-filter.ts';
import type { HookFilter } from '../../../domain/hooks/hook-spec.ts';
import { hookPod } from '../../support/hook-pod.ts';

/** A filter, and whether it takes the pod `db-0` with the label `app: db` in the namespace `shop`. */
const FILTERS: readonly [Omit<HookFilter, 'name'>, boolean][] = [
  [{}, true],
  [{ includedNamespaces: [] }, true],
  [{ includedNamespaces: ['shop'] }, true],
  [{ includedNamespaces: ['*'] }, true],
  [{ includedNamespaces: ['web', 'sh*'] }, true],
  [{ includedNamespaces: ['web'] }, false],
  [{ excludedNamespaces: [] }, true],
  [{ excludedNamespaces: ['web'] }, true],
  [{ excludedNamespaces: ['shop'] }, false],
  [{ includedNamespaces: ['shop'], excludedNamespaces: ['s?op'] }, false],
  [{ includedResources: [] }, true],
  [{ includedResources: ['pods'] }, true],
  [{ includedResources: ['deployments.apps', 'po'] }, true],
  [{ includedResources: ['Pod'] }, true],
  [{ includedResources: ['*'] }, true],
  [{ includedResources: ['deployments.apps'] }, false],
  [{ includedResources: ['pods.metrics.k8s.io'] }, false],
  [{ excludedResources: [] }, true],
  [{ excludedResources: ['secrets'] }, true],
  [{ excludedResources: ['pod'] }, false],
  [{ labelSelector: {} }, true],
  [{ labelSelector: { matchLabels: { app: 'db' } } }, true],
  [{ labelSelector: { matchLabels: { app: 'web' } } }, false],
  [{ labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }, true],
  [
    { labelSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] } },
    false,
  ],
];

test.each(FILTERS)('%o: %s', (filter, isTaken) => {
  expect(isHookFor({ name: 'any', ...filter }, hookPod())).toBe(isTaken);
});
