import { expect, test } from 'vitest';

import type { Existing } from '../../../domain/restore/existing-decision.ts';
import { propagationOf, whyNotRecreated } from '../../../domain/restore/recreation.ts';
import { typeNamed } from '../../support/wanted-fixture.ts';

// Goal: what an object owns that is made anew goes only where the new one could not take it over.

interface Row {
  readonly type: string;
  readonly selector?: object;
  readonly propagation: 'Background' | 'Orphan';
}

const LABELS = { app: 'web', tier: 'front' };

function existing(type: string, selector: object | undefined, live: object = {}): Existing {
  const metadata = { name: 'one', namespace: 'shop' };
  const spec = { template: { metadata: { labels: LABELS } }, ...live };
  return {
    type: typeNamed(type),
    live: { metadata, spec },
    wanted: { metadata, spec: selector === undefined ? {} : { selector } },
  };
}

test.each<Row>([
  { type: 'widgets.example.com', propagation: 'Orphan' },
  { type: 'secrets', propagation: 'Orphan' },
  { type: 'jobs.batch', propagation: 'Background' },
  { type: 'pods', propagation: 'Background' },
  { type: 'services', propagation: 'Background' },
  { type: 'deployments.apps', selector: { matchLabels: { app: 'web' } }, propagation: 'Orphan' },
  { type: 'deployments.apps', selector: { matchLabels: { app: 'b' } }, propagation: 'Background' },
  {
    type: 'daemonsets.apps',
    selector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] },
    propagation: 'Background',
  },
  { type: 'replicationcontrollers', selector: { app: 'web' }, propagation: 'Orphan' },
  { type: 'replicationcontrollers', selector: { app: 'b' }, propagation: 'Background' },
])('what $type with the selector $selector owns: $propagation', (row) => {
  expect(propagationOf(existing(row.type, row.selector))).toBe(row.propagation);
});

test.each([
  { whenDeleted: 'Delete', app: 'b', isKept: true },
  { whenDeleted: 'Delete', app: 'web', isKept: false },
  { whenDeleted: 'Retain', app: 'b', isKept: false },
])('a stateful set with $whenDeleted whose selector wants $app: $isKept', (row) => {
  const live = { persistentVolumeClaimRetentionPolicy: { whenDeleted: row.whenDeleted } };
  const set = existing('statefulsets.apps', { matchLabels: { app: row.app } }, live);
  expect(whyNotRecreated(set) !== undefined).toBe(row.isKept);
});
