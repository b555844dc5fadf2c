import { expect, test } from 'vitest';

import { coverageText } from '../../cli/coverage-output.ts';
import type { CoverageReason, CoverageReport } from '../../domain/coverage.ts';

// Goal: people read what is in a backup and why the rest is not, each reason in words.

const EMPTY: CoverageReport = {
  version: 1,
  items: { expected: 0, captured: 0 },
  types: [],
  groups: [],
  namespaces: [],
  volumes: { captured: 0, items: [], leftOut: {} },
  hooks: [],
  ambiguousNames: [],
};

const V1 = { apiVersion: 'v1' };

test('a backup that leaves nothing out says how much it holds, and no more', () => {
  const types = [{ type: 'pods', ...V1, kind: 'Pod', expected: 12, captured: 12 }];
  const text = coverageText({ ...EMPTY, types, items: { expected: 12, captured: 12 } });
  expect(text).toBe('Items: 12 of 12\n  pods   v1   12 of 12\nVolumes: 0 copied\n');
});

test('everything that is left out is told with its number and its reason in words', () => {
  const text = coverageText({
    version: 1,
    items: { expected: 3, captured: 2 },
    types: [
      {
        ...{ type: 'pods', ...V1, kind: 'Pod', expected: 3, captured: 2 },
        leftOut: [{ reason: 'being-deleted', items: 3, examples: ['shop/web', 'shop/db'] }],
      },
      { type: 'nodes', ...V1, kind: 'Node', expected: 0, captured: 0, reason: 'excluded' },
      { type: 'events', ...V1, kind: 'Event', expected: 0, captured: 0, reason: 'excluded' },
      { type: 'roles', ...V1, kind: 'Role', expected: 2, captured: 2, reason: 'cluster-scope' },
      { type: 'bindings', ...V1, kind: 'Binding', expected: 0, captured: 0 },
    ],
    groups: [{ group: 'metrics.k8s.io/v1beta1', reason: 'group-unavailable' }],
    namespaces: [{ name: 'holdfast', reason: 'holdfast' }],
    volumes: {
      captured: 1,
      items: [
        {
          ...{ namespace: 'shop', pod: 'db', volume: 'data', claim: 'data-db' },
          ...{ source: 'persistentVolumeClaim', persistentVolume: 'pv-1', action: 'fs-backup' },
          reason: 'not-copied',
        },
        { namespace: 'shop', claim: 'idle', source: 'persistentVolumeClaim', action: 'snapshot' },
        {
          namespace: 'shop',
          pod: 'db',
          volume: 'tmp',
          source: 'emptyDir',
          action: 'none',
          reason: 'ephemeral',
        },
      ],
      leftOut: { 'not-copied': 1, ephemeral: 1 },
    },
    hooks: [{ namespace: 'shop', pod: 'db', hook: 'pre' }],
    ambiguousNames: [{ name: 'events', taken: 'events', others: ['events.events.k8s.io'] }],
  });
  expect(text).toBe(`Items: 2 of 3
  pods    v1   2 of 3
  roles   v1   2 of 2
Items left out:
  pods   3   it is being deleted   shop/web, shop/db, …
Types left out:
  the request excludes the type                                           nodes, events
  of cluster-scoped types the request takes what belongs to its objects   roles (2 are taken)
Volumes: 1 copied
  shop/db data   persistentVolumeClaim data-db, pv-1   fs-backup   no data of the volume was copied (a gap)
  shop/idle      persistentVolumeClaim idle            snapshot    copied
  shop/db tmp    emptyDir                              none        it lives as long as its pod, and nothing asks for its data
Volumes left out:
  1   no data of the volume was copied (a gap)
  1   it lives as long as its pod, and nothing asks for its data
Pods with hooks:
  shop/db   pre
Namespaces left out:
  holdfast   it belongs to Holdfast itself; name its namespace to take it
API groups left out:
  metrics.k8s.io/v1beta1   the group is registered and does not answer (a gap)
Names of several types:
  events   taken for events, and not for events.events.k8s.io
`);
});

test('a reason that only a newer API knows is shown as it came', () => {
  // What the API sends is not what this version was compiled with.
  const reason = 'of-tomorrow' as CoverageReason;
  const text = coverageText({ ...EMPTY, namespaces: [{ name: 'shop', reason }] });
  expect(text).toContain('shop   of-tomorrow\n');
});
