import { expect, test } from 'vitest';

import { RequestFailure } from '../../../api/errors.ts';
import { backupSpec, restoreSpec, specDigest } from '../../../api/runs/spec.ts';
import type { CreateRestoreRequest } from '../../../domain/api-resource.ts';
import type { BackupSpec } from '../../../domain/backup.ts';
import type { BackupHookResource } from '../../../domain/hooks/hook-spec.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';

// Goal: a request that cannot work is refused with everything that is wrong with it, and one that can becomes the
// same spec however it is written. Method: tables of requests.

function specOf(spec: Partial<BackupSpec>): BackupSpec {
  return backupSpec({ metadata: { name: 'b' }, spec }, 'local');
}

function specOfRestore(spec: CreateRestoreRequest['spec']): RestoreSpec {
  return restoreSpec({ metadata: { name: 'r' }, spec }, 'local');
}

/** The faults of a request, as `pointer detail`; the detail begins with the pointer. */
function faultsOf(spec: Partial<BackupSpec>): string[] {
  try {
    specOf(spec);
  } catch (error) {
    if (error instanceof RequestFailure) {
      expect(error.errors.filter(({ pointer, detail }) => !detail.startsWith(pointer))).toEqual([]);
      return error.errors.map(({ detail }) => detail);
    }
    throw error;
  }
  return [];
}

test.each<[Partial<BackupSpec>, string]>([
  [{ includedNamespaces: ['team-**'] }, '/spec/includedNamespaces/0 has "**" in "team-**"'],
  [{ includedNamespaces: ['a', '{b,c}'] }, '/spec/includedNamespaces/1 has'],
  [{ includedNamespaces: ['Shop'] }, '/spec/includedNamespaces/0 has "Shop"; a namespace is'],
  [{ includedNamespaces: ['*', 'shop'] }, '/spec/includedNamespaces has "*" beside names'],
  [{ excludedNamespaces: ['!a'] }, '/spec/excludedNamespaces/0 has "!"'],
  [{ excludedNamespaces: ['*'] }, '/spec/excludedNamespaces has "*", which leaves no namespace'],
  [
    { includedNamespaces: ['a', 'b'], excludedNamespaces: ['b'] },
    '/spec/excludedNamespaces names b, which is included too',
  ],
  [
    { labelSelector: { matchLabels: { 'a b': 'c' } } },
    '/spec/labelSelector/matchLabels/a b has the key "a b"',
  ],
  [
    { labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    '/spec/labelSelector/matchExpressions/0 has no values for the operator In',
  ],
  [
    { orLabelSelectors: [{ matchLabels: { a: 'b' } }, { matchLabels: { a: '-' } }] },
    '/spec/orLabelSelectors/1/matchLabels/a has the value "-"',
  ],
  [
    { labelSelector: { matchLabels: { a: 'b' } }, orLabelSelectors: [{ matchLabels: { c: 'd' } }] },
    '/spec/orLabelSelectors does not go with /spec/labelSelector',
  ],
  [
    { orLabelSelectors: [{ matchLabels: { a: 'b' } }, {}] },
    '/spec/orLabelSelectors/1 is empty and takes every object; remove it',
  ],
  [
    { includedResources: ['pods'], excludedNamespaceScopedResources: ['secrets'] },
    '/spec/includedResources does not go with /spec/excludedNamespaceScopedResources',
  ],
  [
    { includeClusterResources: true, includedClusterScopedResources: ['*'] },
    '/spec/includeClusterResources does not go with /spec/includedClusterScopedResources',
  ],
  [{ includedResources: ['*', 'pods'] }, '/spec/includedResources has "*" beside names'],
  [{ excludedResources: ['*'] }, '/spec/excludedResources has "*", which leaves nothing'],
  [
    { orderedResources: { pods: 'shop/a/b' } },
    '/spec/orderedResources/pods has "shop/a/b"; write namespace/name',
  ],
  [{ ttl: 'soon' }, '/spec/ttl must be a duration'],
])('%j is refused with the field, the fault and the remedy', (spec, fault) => {
  const faults = faultsOf(spec);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(fault);
});

test('one refusal tells everything that is wrong with a request', () => {
  const faults = faultsOf({
    includedNamespaces: ['*', 'a|b'],
    excludedNamespaces: ['*'],
    labelSelector: { matchLabels: { a: '?' } },
    orLabelSelectors: [{ matchLabels: { '': '' } }],
    excludedResources: ['*'],
    orderedResources: { pods: '' },
    ttl: '1s',
  });
  expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
    '/spec/includedNamespaces/1',
    '/spec/includedNamespaces',
    '/spec/excludedNamespaces',
    '/spec/labelSelector/matchLabels/a',
    '/spec/orLabelSelectors/0/matchLabels/',
    '/spec/excludedResources',
    '/spec/orLabelSelectors',
    '/spec/orderedResources/pods',
    '/spec/ttl',
  ]);
});

test.each<Partial<BackupSpec>>([
  { includedNamespaces: ['team-*', 'shop', 'app-[ab]?'], excludedNamespaces: ['team-x*'] },
  { labelSelector: {}, orLabelSelectors: [{ matchLabels: { a: 'b' } }] },
  { includeClusterResources: false, snapshotVolumes: false },
  { includedResources: ['pods'], excludedClusterScopedResources: [] },
  { resourcePolicy: { kind: 'configmap', name: 'policies' }, apiVersions: 'All' },
])('%j is taken', (spec) => {
  expect(faultsOf(spec)).toEqual([]);
});

test('a request without filters has the digest that it had before there were filters', () => {
  expect(specDigest(backupSpec({ metadata: { name: 'b' } }, 'local'))).toBe(
    '999e92061a67aa8e230f63127a9c6d2aa560ca684b294e2db9ccc73ade683c4b',
  );
  const narrow: Partial<BackupSpec> = {
    cluster: 'east',
    includedNamespaces: ['shop', 'a', 'shop'],
    excludedNamespaces: ['z', 'b'],
    ttl: '24h',
  };
  expect(specDigest(specOf(narrow))).toBe(
    '16bac7daed5ecaeff76e67a638372ec5cff1dac04fbafaf87dc1499888f25603',
  );
});

test('what says nothing makes no difference', () => {
  const nothing: Partial<BackupSpec> = {
    includedNamespaces: [],
    includedResources: [],
    labelSelector: { matchLabels: {} },
    orLabelSelectors: [],
    orderedResources: {},
  };
  expect(specOf(nothing)).toEqual(specOf({}));
});

test('hooks that ask for the same are the same, and their order counts', () => {
  const named = (name: string): BackupHookResource => {
    return { name, pre: [{ exec: { command: ['a'] } }] };
  };
  const [one, two] = [named('one'), named('two')];
  const hooksOf = (...resources: readonly BackupHookResource[]) => specOf({ hooks: { resources } });
  const written = { includedNamespaces: [], excludedResources: ['b', 'a'], labelSelector: {} };
  expect(hooksOf({ ...one, ...written })).toEqual(
    hooksOf({ ...one, excludedResources: ['a', 'b'] }),
  );
  expect(hooksOf(one, two)).not.toEqual(hooksOf(two, one));
  expect(specOf({ hooks: { resources: [] } })).toEqual(specOf({}));
});

test('the order of what is listed makes no difference', () => {
  const left = specOf({ excludedResources: ['pods', 'events'], excludedNamespaces: ['b', 'a'] });
  const right = specOf({ excludedResources: ['events', 'pods'], excludedNamespaces: ['a', 'b'] });
  expect(specDigest(left)).toBe(specDigest(right));
  expect(specDigest(left)).not.toBe(specDigest(specOf({ excludedResources: ['pods'] })));
});

test.each<[spec: object, faults: readonly string[]]>([
  [{}, ['/spec/backupName is not there: give one of /spec/backupName, /spec/scheduleName, ']],
  [{ backupName: 'b', scheduleName: 's' }, ['/spec/scheduleName is one too many']],
  [
    { backupName: 'b', scheduleName: 's', retryOf: 'r' },
    ['/spec/scheduleName is one too many', '/spec/retryOf is one too many'],
  ],
  [{ retryOf: 'r', allowPartiallyFailed: true }, ['/spec/allowPartiallyFailed goes with']],
  [{ backupName: 'b', allowPartiallyFailed: false }, []],
  [{ scheduleName: 's', allowPartiallyFailed: true }, []],
  [{ retryOf: 'r' }, []],
])('a restore takes its items from one place: %j', (spec, faults) => {
  const details = () => {
    try {
      specOfRestore(spec);
      return [];
    } catch (error) {
      return error instanceof RequestFailure ? error.errors.map(({ detail }) => detail) : [error];
    }
  };
  expect(details()).toEqual(faults.map((fault): unknown => expect.stringMatching(`^${fault}`)));
});

test('which backup of a schedule is the newest makes no other request', () => {
  const asked = specOfRestore({ scheduleName: 's' });
  expect(specDigest({ ...asked, backupName: 's-1' })).toBe(specDigest(asked));
  const other = specOfRestore({ scheduleName: 't' });
  expect(specDigest(other)).not.toBe(specDigest(asked));
});

test('a restore that narrows nothing has no field for it, and all faults of one are told', () => {
  const plain = specOfRestore({ backupName: 'b' });
  const blank = {
    ...{ labelSelector: {}, orLabelSelectors: [], restoreResourcePriorities: ' ' },
    ...{ includedResources: [], excludedResources: [] },
  };
  const spec = { backupName: 'b', includedNamespaces: [], ...blank };
  expect(Object.keys(plain)).toHaveLength(5);
  expect(specOfRestore(spec)).toEqual(plain);
  const bad = {
    ...{ excludedNamespaces: ['A!'], restoreResourcePriorities: 'pods,pods' },
    excludedResources: ['*'],
  };
  expect(() => specOfRestore({ ...spec, ...bad })).toThrow(
    expect.objectContaining({
      errors: [expect.anything(), expect.anything(), expect.anything()],
    }),
  );
});

test.each(['500ms', '24h1s', 'soon'])('a restore that waits %s is refused', (resourceTimeout) => {
  expect(() => specOfRestore({ backupName: 'b', resourceTimeout })).toThrow(
    expect.objectContaining({
      errors: [expect.objectContaining({ pointer: '/spec/resourceTimeout' })],
    }),
  );
});

test('what a restore does with objects that are there is kept where it is not the default', () => {
  const of = (spec: object) => specOfRestore({ backupName: 'b', ...spec });
  expect(of({ existingResourcePolicy: 'none', resourceTimeout: '600s' })).toEqual(of({}));
  const other = {
    ...({ existingResourcePolicy: 'recreate', resourceTimeout: '1s' } as const),
    resourceModifier: { kind: 'configmap', name: 'modifiers' },
  };
  expect(of(other)).toEqual({ ...of({}), ...other });
});

test('what a restore changes is kept as it is asked for, and without what says nothing', () => {
  const of = (spec: object) => specOfRestore({ backupName: 'b', ...spec });
  expect(of({ preserveNodePorts: false })).toEqual(of({}));
  const restoreStatus = { includedResources: ['b', 'a', 'b'], excludedResources: [] };
  const asked = { preserveNodePorts: true, storageClassMapping: {}, imageMapping: { a: 'b' } };
  expect(of({ ...asked, restoreStatus })).toEqual({
    ...of({}),
    ...asked,
    restoreStatus: { includedResources: ['a', 'b'] },
  });
  expect(of({ restoreStatus: {} })).toEqual({ ...of({}), restoreStatus: {} });
});

test.each([
  { mapping: { storageClassMapping: { 'a/b': '' } }, pointer: '/spec/storageClassMapping/a~1b' },
  { mapping: { imageMapping: { ' ': 'x' } }, pointer: '/spec/imageMapping/ ' },
])('a mapping with nothing on one side is refused at $pointer', ({ mapping, pointer }) => {
  expect(() => specOfRestore({ backupName: 'b', ...mapping })).toThrow(
    expect.objectContaining({ errors: [expect.objectContaining({ pointer })] }),
  );
});
