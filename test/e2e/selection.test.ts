import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, RunResource } from '../../domain/api-resource.ts';
import { backupFolder } from '../../domain/object-key.ts';
import { keysUnder } from '../support/archive-items.ts';
import type { Applied } from '../support/applied-yaml.ts';
import { type Answer, Installation } from '../support/installation.ts';
import {
  applySelectionFixture,
  comparedEntries,
  nameOfRow,
  plain,
  requestOf,
  type SelectionRow,
  StoredTarball,
} from '../support/selection-fixture.ts';
import { ENTRY_ROWS } from './selection/entries.ts';
import { LABEL_ROWS } from './selection/labels.ts';
import { NAMESPACE_ROWS } from './selection/namespaces.ts';
import { POLICY_ROWS } from './selection/policies.ts';
import { RELATED_ROWS } from './selection/related.ts';
import { SCOPED_TYPE_ROWS } from './selection/scoped-types.ts';
import { TYPE_ROWS } from './selection/types.ts';

// Goal: what a request selects is what its tarball holds, rule by rule. Method: a fixture in the real cluster; each row
// asks for a backup over the API, and the system's tar lists what was stored. Entries of other objects than the
// fixture's are not looked at, but for a few that every cluster has.

const ROWS = [
  ...NAMESPACE_ROWS,
  ...TYPE_ROWS,
  ...SCOPED_TYPE_ROWS,
  ...LABEL_ROWS,
  ...RELATED_ROWS,
  ...ENTRY_ROWS,
  ...POLICY_ROWS,
];

/** Resource policies with a fault in each part. */
const BAD_POLICIES: SelectionRow = {
  rule: 'policies with faults',
  spec: {
    includedNamespaces: ['sel-none', 'sel-a'],
    includedNamespaceScopedResources: ['configmaps', 'widgets.sel.holdfast.test'],
    excludedClusterScopedResources: ['nothing-of-the-kind'],
  },
  policies: `version: v2
volumePolicies: [{conditions: {}, action: {type: copy}}]
namespacedFilterPolicies: [{namespaces: [sel-a], resourceFilters: [{kinds: [gizmos]}]}]
`,
  entries: [],
};

let installation: Installation;
let fixture: Applied | undefined;

beforeAll(async () => {
  installation = await Installation.start();
  fixture = await applySelectionFixture(installation, [...ROWS, BAD_POLICIES]);
});

afterAll(async () => {
  await fixture?.remove();
  await installation.stop();
});

const TITLED = ROWS.map((row) => [row.rule, row] as const);

test.concurrent.each(TITLED)('the tarball holds what is selected: %s', async (_, row) => {
  const tarball = await backedUp(row);
  try {
    expect(comparedEntries(row, await tarball.entries())).toEqual(
      comparedEntries(row, row.entries),
    );
  } finally {
    await tarball.remove();
  }
});

test.concurrent(
  'a claim loses what ties it to this cluster, as far as Velero takes it out',
  async () => {
    const spec = { includedNamespaces: ['sel-a'], includedResources: ['pvc'] };
    const tarball = await backedUp({ rule: 'claims as they are stored', spec, entries: [] });
    const claim = (name: string) =>
      tarball.object(`resources/persistentvolumeclaims/namespaces/sel-a/${name}.json`);
    const [data, spare, waiting] = await Promise.all(['data', 'spare', 'waiting'].map(claim));
    await tarball.remove();

    const common = { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' };
    expect(data?.metadata.labels).toEqual({ app: 'y' });
    expect(data?.['spec']).toEqual({
      ...common,
      resources: { requests: { storage: '1Mi' } },
      storageClassName: 'sel-class',
      volumeName: 'sel-data',
    });
    // Without a storage class the selector is how the claim finds its volume.
    expect(spare?.['spec']).toEqual({
      ...common,
      resources: { requests: { storage: '1Mi' } },
      selector: { matchLabels: { kept: 'here' } },
      storageClassName: '',
      volumeName: 'sel-spare',
    });
    // A claim without a volume still needs to know where its data comes from.
    const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap' };
    expect(waiting?.['spec']).toEqual({
      ...common,
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'sel-class',
      dataSource: source,
      dataSourceRef: source,
    });
  },
);

test('a missing namespace, an unknown type and faulty policies are told in one answer', async () => {
  const problem = await refused(BAD_POLICIES);
  expect(problem).toMatchObject({ status: 422 });
  expect(problem.errors?.map(({ pointer, code }) => `${code} ${pointer}`).sort()).toEqual([
    'namespace-not-found /spec/includedNamespaces',
    'policy-not-usable resourcePolicy:/version',
    'policy-not-usable resourcePolicy:/volumePolicies/0/action/type',
    'type-not-found /spec/includedNamespaceScopedResources',
    'type-not-found resourcePolicy:/namespacedFilterPolicies/0/resourceFilters/0/kinds',
  ]);
  expect(plain(JSON.stringify(problem.errors), installation)).toMatch(
    /sel-none.*widgets\.sel\.holdfast\.test/,
  );
});

const REFUSALS: readonly (Pick<SelectionRow, 'rule' | 'spec'> & {
  readonly status: number;
  readonly errors: readonly string[];
})[] = [
  {
    rule: 'lists of both families are refused',
    spec: {
      includedResources: ['configmaps'],
      includeClusterResources: true,
      excludedClusterScopedResources: ['pv'],
    },
    status: 400,
    errors: [
      'invalid-request /spec/includeClusterResources',
      'invalid-request /spec/includedResources',
    ],
  },
  {
    rule: 'both kinds of selectors and a pattern that nobody can read are refused',
    spec: {
      includedNamespaces: ['sel-{a,b}'],
      labelSelector: { matchLabels: { app: 'x' } },
      orLabelSelectors: [{ matchExpressions: [{ key: 'app', operator: 'In' }] }],
    },
    status: 400,
    errors: [
      'invalid-name /spec/includedNamespaces/0',
      'invalid-request /spec/orLabelSelectors',
      'invalid-request /spec/orLabelSelectors/0/matchExpressions/0',
    ],
  },
  {
    rule: 'patterns that match no namespace are refused',
    spec: { includedNamespaces: ['sel-none-*'] },
    status: 422,
    errors: ['nothing-selected /spec/includedNamespaces'],
  },
  {
    rule: 'a namespace that is left out whatever is asked for is refused alone',
    spec: { includedNamespaces: ['sel-hidden'] },
    status: 422,
    errors: ['nothing-selected /spec/includedNamespaces'],
  },
  {
    rule: 'excludes that leave no namespace are refused',
    spec: { includedNamespaces: ['sel-a'], excludedNamespaces: ['sel-*'] },
    status: 422,
    errors: ['nothing-selected /spec/excludedNamespaces'],
  },
  {
    rule: 'a type that the cluster has no objects of is refused',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['idles.sel.holdfast.test'],
    },
    status: 422,
    errors: [],
  },
  {
    rule: 'a chosen namespace without any of its types is refused',
    spec: { includedNamespaces: ['sel-a'], excludedNamespaceScopedResources: ['*'] },
    status: 422,
    errors: [],
  },
  {
    rule: 'a label that no object has is refused',
    spec: {
      includedNamespaces: ['sel-a'],
      labelSelector: { matchLabels: { app: 'nothing-has-it' } },
    },
    status: 422,
    errors: [],
  },
  {
    rule: 'a type that the cluster does not serve is refused',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['configmaps', 'widgets', 'gizmos'] },
    status: 422,
    errors: ['type-not-found /spec/includedResources', 'type-not-found /spec/includedResources'],
  },
];

test.each(REFUSALS.map((row) => [row.rule, row] as const))(
  '%s',
  async (_, { status, errors, ...row }) => {
    const problem = await refused({ ...row, entries: [] });
    const told = problem.errors?.map(({ pointer, code }) => `${code} ${pointer}`) ?? [];
    expect({ status: problem.status, errors: told.sort() }).toEqual({ status, errors });
    if (errors.length === 0) {
      expect(problem.code).toBe('nothing-selected');
    }
  },
);

test('policies with lists do not go with the older filters, and a ConfigMap has to be there', async () => {
  const spec = { includedNamespaces: ['sel-a'], includedResources: ['configmaps'] };
  const policies = { kind: 'configmap', name: nameOfRow('types that policies include') } as const;
  const mixed = { rule: 'mixed', spec: { ...spec, resourcePolicy: policies }, entries: [] };
  const away = { kind: 'configmap', name: 'away' } as const;
  const missing = { rule: 'missing', spec: { ...spec, resourcePolicy: away }, entries: [] };
  for (const row of [mixed, missing]) {
    expect(await refused(row)).toMatchObject({
      status: 422,
      errors: [{ pointer: '/spec/resourcePolicy', code: 'policy-not-usable' }],
    });
  }
});

/** Asks for the backup of a row, and gives its tarball when it is there. */
async function backedUp(row: SelectionRow): Promise<StoredTarball> {
  const { status, body } = await ask(row);
  expect({ status, problem: body.errors ?? body.detail }).toEqual({ status: 202 });
  const name = nameOfRow(row.rule);
  await installation.ended('backups', name);
  return StoredTarball.download(name, installation);
}

/** Asks for a backup that is refused, and sees that nothing of it stays. */
async function refused(row: SelectionRow): Promise<Problem> {
  const { body } = await ask(row);
  const store = installation.store();
  expect(await keysUnder(store, backupFolder(nameOfRow(row.rule)))).toEqual([]);
  store.close();
  return body;
}

function ask(row: SelectionRow): Promise<Answer<RunResource & Problem>> {
  return installation.request('POST', '/backups', requestOf(row, installation));
}
