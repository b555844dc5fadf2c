import { expect, test } from 'vitest';

import { readRules } from '../../../activities/restore/read-rules.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { type HeldObject, memoryCluster, servedType } from '../../support/memory-cluster.ts';
import { SPEC } from '../../support/wanted-fixture.ts';

// Goal: mappings are those of the request, else those that Velero's ConfigMaps in Holdfast's namespace hold; what the
// request names and cannot be used is refused.

interface Config {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels: Record<string, string>;
  readonly data?: Record<string, string>;
}

const label = (action: string, kind = 'RestoreItemAction') => ({
  'velero.io/plugin-config': '',
  [`velero.io/${action}`]: kind,
});
const CLASSES: Config = { labels: label('change-storage-class'), data: { old: 'new' } };
const IMAGES: Config = { labels: label('change-image-name'), data: { one: 'old.io,new.io' } };

function read(configs: readonly Config[], spec: Partial<RestoreSpec> = {}) {
  const objects = configs.map(
    ({ name = 'config', namespace = 'holdfast', labels, data }): HeldObject => {
      const metadata = { name, namespace, labels };
      return { type: 'configmaps', object: { metadata, ...(data === undefined ? {} : { data }) } };
    },
  );
  const cluster = memoryCluster([servedType('configmaps', 'ConfigMap')], objects);
  const { signal } = new AbortController();
  const known = { backupName: 'b', held: [], served: [], failedGroups: [] };
  const openApi = () => Promise.resolve(undefined);
  const source = { cluster: { ...cluster, openApi }, namespace: 'holdfast', signal };
  return readRules({ ...source, spec: { ...SPEC, ...spec } }, known);
}

const NONE = { storageClassMapping: {}, imageMapping: {}, modifiers: [] };

test.each<{ configs: Config[]; spec?: Partial<RestoreSpec>; rules: object; says: string }>([
  { says: 'nothing is mapped without any', configs: [], rules: NONE },
  {
    says: 'each ConfigMap has its own mapping',
    configs: [CLASSES, IMAGES],
    rules: { ...NONE, storageClassMapping: { old: 'new' }, imageMapping: { 'old.io': 'new.io' } },
  },
  {
    says: 'a mapping of the request is the only one of its kind',
    configs: [CLASSES, IMAGES],
    spec: { storageClassMapping: { a: 'b' } },
    rules: { ...NONE, storageClassMapping: { a: 'b' }, imageMapping: { 'old.io': 'new.io' } },
  },
  {
    says: 'an empty mapping of the request maps nothing',
    configs: [CLASSES, IMAGES],
    spec: { storageClassMapping: {}, imageMapping: {} },
    rules: NONE,
  },
  {
    says: 'another namespace says nothing',
    configs: [{ ...CLASSES, namespace: 'velero' }],
    rules: NONE,
  },
  {
    says: 'the configuration of another kind of plugin says nothing',
    configs: [{ ...CLASSES, labels: label('change-storage-class', 'BackupItemAction') }],
    rules: NONE,
  },
  {
    says: 'a ConfigMap without the label of configurations says nothing',
    configs: [{ ...CLASSES, labels: { 'velero.io/change-storage-class': 'RestoreItemAction' } }],
    rules: NONE,
  },
  {
    says: 'a ConfigMap without data maps nothing',
    configs: [{ labels: CLASSES.labels }],
    rules: NONE,
  },
])('$says', async ({ configs, spec, rules }) => {
  expect(await read(configs, spec)).toEqual({ ...rules, statusTypes: [] });
});

test('of two ConfigMaps for one mapping nobody knows which counts', async () => {
  expect(await read([CLASSES, { ...CLASSES, name: 'second' }])).toMatchObject({
    refusal: {
      code: 'mapping-not-usable',
      message:
        'the namespace holdfast has several ConfigMaps with the label velero.io/change-storage-class: config, second; keep one',
    },
  });
});

test('of very many ConfigMaps for one mapping the first are named', async () => {
  const names = Array.from({ length: 70 }, (_, index) => `config-${String(index)}`);
  const message = expect.stringMatching(/ and 20 more; keep one$/) as string;
  expect(await read(names.map((name) => ({ ...CLASSES, name })))).toMatchObject({
    refusal: { message },
  });
});

test('a row of images that cannot be read is refused by its key', async () => {
  const data = { good: 'a,b', bad: 'secret.io' };
  expect(await read([{ ...IMAGES, data }])).toMatchObject({
    refusal: {
      code: 'mapping-not-usable',
      message:
        "the ConfigMap holdfast/config says at bad no part of an image's name, a comma and another part; correct it",
    },
  });
});

test('the resource modifiers of a request are read, and refused with all that is wrong', async () => {
  const spec = { resourceModifier: { kind: 'configmap', name: 'config' } } as const;
  const conditions = 'conditions: {groupResource: pods}';
  const rules = (patch: string) =>
    `version: v1\nresourceModifierRules: [{${conditions}, ${patch}}]`;
  const good: Config = { labels: {}, data: { a: rules('mergePatches: [{patchData: "{}"}]') } };
  expect(await read([good], spec)).toEqual({
    ...NONE,
    statusTypes: [],
    modifiers: [
      {
        conditions: { groupResource: 'pods', namespaces: [], matches: [] },
        patch: { kind: 'merge', patches: ['{}'] },
      },
    ],
  });
  const bad: Config = { labels: {}, data: { a: rules('patches: [{operation: add}]') } };
  expect(await read([bad], spec)).toMatchObject({
    refusal: {
      ...{ code: 'modifier-not-usable', subject: 'spec.resourceModifier' },
      errors: [{ pointer: 'resourceModifier:/resourceModifierRules/0/patches/0/path' }],
    },
  });
  expect(await read([], spec)).toMatchObject({ refusal: { code: 'modifier-not-usable' } });
});
