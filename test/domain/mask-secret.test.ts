import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { KubernetesObject } from '../../domain/item.ts';
import { isSecretType, maskedJson } from '../../domain/mask-secret.ts';

// Goal: no value of a Secret is left, and all else of it is.

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const SECRETS = { group: '', resource: 'secrets' };

function masked(secret: KubernetesObject): KubernetesObject {
  // Masking keeps the form of an object.
  return JSON.parse(maskedJson(SECRETS, JSON.stringify(secret))) as KubernetesObject;
}

test('values of data and stringData and of annotations are masked, and the rest is kept', () => {
  const secret: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: 's',
      labels: { app: 'web' },
      annotations: { note: 'x', [LAST_APPLIED]: '{}' },
    },
    data: { user: 'cm9vdA==', password: 'c2VjcmV0' },
    stringData: { token: 'secret' },
    immutable: true,
  };
  expect(masked(secret)).toEqual({
    ...secret,
    metadata: { ...secret.metadata, annotations: { note: '***', [LAST_APPLIED]: '***' } },
    data: { user: '***', password: '***' },
    stringData: { token: '***' },
  });
});

test.each([
  ['kubernetes.io/service-account.name', true],
  ['kubernetes.io/service-account.uid', true],
  ['meta.helm.sh/release-name', true],
  ['helm.sh/resource-policy', true],
  ['app.kubernetes.io/managed-by', true],
  ['velero.io/backup-name', true],
  ['backup.velero.io/must-include-additional-items', true],
  ['holdfast.dev/restore-uid', true],
  [LAST_APPLIED, false],
  ['kapp.k14s.io/original', false],
  ['objectset.rio.cattle.io/applied', false],
  ['kubernetes.io/service-account.name.copy', false],
  ['example.com/helm.sh/', false],
  ['__proto__', false],
])('the value of the annotation %s is shown: %s', (key, isShown) => {
  const annotations = Object.fromEntries([[key, 'content']]);
  const { metadata } = masked({ kind: 'Secret', metadata: { name: 's', annotations } });
  expect(Object.entries(metadata.annotations ?? {})).toEqual([[key, isShown ? 'content' : '***']]);
});

test('every key stays, in its place, and no value does', () => {
  const values = fc.dictionary(
    fc.oneof(fc.constant('__proto__'), fc.stringMatching(/^[-._a-zA-Z0-9]{1,12}$/)),
    fc.stringMatching(/^value-[a-z]+$/),
  );
  fc.assert(
    fc.property(values, (data) => {
      const secret = { kind: 'Secret', data, metadata: { name: 's' } };
      const shown = masked(secret);
      expect(Object.keys(shown)).toEqual(Object.keys(secret));
      expect(Object.keys(shown['data'] ?? {})).toEqual(Object.keys(data));
      expect(JSON.stringify(shown)).not.toContain('value-');
    }),
  );
});

test('a Secret without values stays as it is, and values of a strange form are masked whole', () => {
  const empty = { kind: 'Secret', metadata: { name: 's' }, data: null };
  expect(masked(empty)).toEqual(empty);
  const strange = { kind: 'Secret', metadata: { name: 's' }, data: ['c2VjcmV0'], stringData: 'x' };
  expect(masked(strange)).toMatchObject({ data: '***', stringData: '***' });
});

test('Secrets are those of the core group alone', () => {
  expect(isSecretType({ group: '', resource: 'secrets' })).toBe(true);
  expect(isSecretType({ group: 'example.com', resource: 'secrets' })).toBe(false);
  expect(isSecretType({ group: '', resource: 'configmaps' })).toBe(false);
});

test('what is no Secret is the text that it was', () => {
  const json = '{"data": 9007199254740993}';
  expect(maskedJson({ group: '', resource: 'configmaps' }, json)).toBe(json);
});
