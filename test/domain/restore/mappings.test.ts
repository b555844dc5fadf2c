import { expect, test } from 'vitest';

import { mappedNamespace } from '../../../domain/restore.ts';
import { unmarked, wantedOf } from '../../support/wanted-fixture.ts';

const metadata = { name: 'x', namespace: 'copy' };

/** What the spec of an object of a type becomes by the mappings. */
function mapped(type: string, spec: object, rules: Parameters<typeof wantedOf>[2]): unknown {
  return unmarked(wantedOf(type, { metadata: { name: 'x', namespace: 'shop' }, spec }, rules));
}

test.each([
  { type: 'persistentvolumes', from: { storageClassName: 'old' }, to: { storageClassName: 'new' } },
  {
    type: 'persistentvolumeclaims',
    from: { storageClassName: 'old' },
    to: { storageClassName: 'new' },
  },
  {
    type: 'persistentvolumeclaims',
    from: { storageClassName: 'other' },
    to: { storageClassName: 'other' },
  },
  {
    type: 'persistentvolumeclaims',
    from: { storageClassName: 'constructor' },
    to: { storageClassName: 'constructor' },
  },
  { type: 'persistentvolumeclaims', from: {}, to: {} },
  {
    type: 'statefulsets.apps',
    from: { volumeClaimTemplates: [{ spec: { storageClassName: 'old' } }, { spec: {} }] },
    to: { volumeClaimTemplates: [{ spec: { storageClassName: 'new' } }, { spec: {} }] },
  },
  {
    type: 'widgets.example.com',
    from: { storageClassName: 'old' },
    to: { storageClassName: 'old' },
  },
])('the storage class of $type $from becomes that of $to', ({ type, from, to }) => {
  const rules = { rules: { storageClassMapping: { old: 'new' } } };
  expect(mapped(type, from, rules)).toEqual({ metadata, spec: to });
});

test('the older annotation for a storage class is mapped too', () => {
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 'old' };
  const wanted = wantedOf(
    'persistentvolumeclaims',
    { metadata: { name: 'x', annotations }, spec: {} },
    { rules: { storageClassMapping: { old: 'new' } } },
  );
  expect(unmarked(wanted)).toEqual({
    metadata: { name: 'x', annotations: { 'volume.beta.kubernetes.io/storage-class': 'new' } },
    spec: {},
  });
});

const IMAGES = { 'old.io': 'new.io', 'old.io/team': 'team.io', '': 'never', $: '$&' };

test.each([
  { image: 'old.io/web:1', wanted: 'new.io/web:1' },
  { image: 'old.io/team/web:1', wanted: 'team.io/web:1' },
  { image: 'mirror/old.io/old.io', wanted: 'mirror/new.io/new.io' },
  { image: 'a$b', wanted: 'a$&b' },
  { image: 'other.io/web:1', wanted: 'other.io/web:1' },
])('the longest part of image $image that is mapped makes it $wanted', ({ image, wanted }) => {
  const spec = { containers: [{ image }], initContainers: [{ image }, {}] };
  expect(mapped('pods', spec, { rules: { imageMapping: IMAGES } })).toEqual({
    metadata,
    spec: { containers: [{ image: wanted }], initContainers: [{ image: wanted }, {}] },
  });
});

const template = (image: string) => ({ template: { spec: { containers: [{ image }] } } });

test.each([
  ...[
    ...['replicationcontrollers', 'deployments.apps', 'statefulsets.apps', 'daemonsets.apps'],
    ...['replicasets.apps', 'jobs.batch'],
  ].map((type) => ({ type, inSpec: template })),
  {
    type: 'cronjobs.batch',
    inSpec: (image: string) => ({ jobTemplate: { spec: template(image) } }),
  },
])('the images of $type are mapped', ({ type, inSpec }) => {
  const rules = { rules: { imageMapping: IMAGES } };
  expect(mapped(type, inSpec('old.io/a'), rules)).toEqual({ metadata, spec: inSpec('new.io/a') });
});

test.each([
  ['shop', 'copy'],
  ['other', 'other'],
  ['constructor', 'constructor'],
])('the namespace %s is restored into %s', (namespace, expected) => {
  const spec = {
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'], excludedNamespaces: [] },
    namespaceMapping: { shop: 'copy' },
  };
  expect(mappedNamespace(spec, namespace)).toBe(expected);
});
