import { expect, test } from 'vitest';

import { checkStorageClasses } from '../../../activities/restore/check-storage-classes.ts';
import type { IndexLine } from '../../../domain/backup-index.ts';
import { TypeSurvey } from '../../../domain/restore/type-survey.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { memoryCluster, servedType } from '../../support/memory-cluster.ts';
import { SPEC, typeNamed } from '../../support/wanted-fixture.ts';

// Goal: a claim never comes back with a storage class that nothing serves, and nobody is kept from what needs none.

const CLASS = 'storageclasses.storage.k8s.io';
const cluster = memoryCluster(
  [servedType(CLASS, 'StorageClass', { isNamespaced: false })],
  [{ type: CLASS, object: { metadata: { name: 'here' } } }],
);

function line(type: string, name: string, namespace = ''): IndexLine {
  const { group, version, resource, kind } = typeNamed(type);
  return {
    ...{ group, version, resource, kind, namespace, name, uid: name, sha256: '' },
    ...{ member: { offset: 0, length: 0, sizeBytes: 0, sha256: '' }, bodyOffset: 0, bodyLength: 1 },
  };
}

const CLAIM = line('persistentvolumeclaims', 'data', 'shop');
const SET = line('statefulsets.apps', 'db', 'shop');
const VOLUME = line('persistentvolumes', 'pv-1');
const HELD_CLASS = line(CLASS, 'held');

async function ask(
  mapping: Record<string, string>,
  lines: IndexLine[],
  spec: Partial<RestoreSpec> = {},
) {
  const survey = new TypeSurvey({ spec: { ...SPEC, ...spec }, own: 'holdfast' });
  for (const one of lines) {
    survey.see(one);
  }
  const rules = { storageClassMapping: mapping, imageMapping: {}, statusTypes: [], modifiers: [] };
  return checkStorageClasses({ cluster, rules, survey, signal: new AbortController().signal });
}

test.each([
  { says: 'one of the cluster', to: 'here', lines: [CLAIM] },
  { says: 'one that is restored', to: 'held', lines: [CLAIM, HELD_CLASS] },
  { says: 'none, where nothing that is restored has a class', to: 'gone', lines: [HELD_CLASS] },
])('$says may stand for another class', async ({ to, lines }) => {
  expect(await ask({ old: to }, lines)).toBeUndefined();
});

test.each([
  { says: 'a claim', lines: [CLAIM] },
  { says: 'a set of claims', lines: [SET] },
  { says: 'a volume', lines: [VOLUME] },
  {
    says: 'a claim that is restored without the classes of the backup',
    lines: [CLAIM, HELD_CLASS],
    spec: { includeClusterResources: false },
  },
])('a class for $says that nothing has is refused with its field', async ({ lines, spec }) => {
  expect(await ask({ 'a/b': 'held', old: 'here' }, lines, spec)).toMatchObject({
    code: 'mapping-not-usable',
    subject: 'spec.storageClassMapping',
    errors: [
      {
        pointer: '/spec/storageClassMapping/a~1b',
        code: 'mapping-not-usable',
        detail: 'held, which stands for a/b',
      },
    ],
  });
});

test('a mapping to very many classes that nothing has is refused with the first of them', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => String(index).padStart(253, 'c'));
  const refusal = await ask(Object.fromEntries(names.map((name) => [name, `no-${name}`])), [CLAIM]);
  expect(JSON.stringify(refusal).length).toBeLessThan(64 * 1024);
  expect(refusal?.message).toMatch(/ and \d+ more\. Make them/);
  expect(refusal?.errors?.at(-1)?.detail).toMatch(/; and \d+ more errors$/);
});
