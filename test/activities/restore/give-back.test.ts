import { expect, test } from 'vitest';

import type { ObjectPatch } from '../../../activities/kubernetes/port.ts';
import { giveBack } from '../../../activities/restore/give-back.ts';
import { Failure, type FailureCode } from '../../../domain/failure.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import type { RestoreVerb } from '../../../domain/restore.ts';
import type { WantedObject } from '../../../domain/restore/wanted-object.ts';
import { typeNamed } from '../../support/wanted-fixture.ts';

// Goal: an object that was created gets its status and managed fields, and stays when the cluster refuses them.

const MARK = 'holdfast.dev/restore-uid';
const STATUS = { phase: 'Ready' };
const MANAGED = [{ manager: 'argocd', operation: 'Apply' }];
/** Managed fields of an object as a restore has created it. */
const CREATED = [
  {
    manager: 'holdfast',
    time: '2026-01-01T00:00:00Z',
    fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${MARK}`]: {} } } },
  },
];

interface Refusing {
  readonly code?: FailureCode;
  /** Refused alone; all requests if left out. */
  readonly field?: 'status' | 'annotations' | 'managedFields';
  readonly hasSubresource?: boolean;
  readonly verb?: RestoreVerb;
  /** What the mark of the object says. */
  readonly word?: string;
}

interface Row {
  readonly says: string;
  readonly wanted: Partial<WantedObject>;
  readonly cluster?: Refusing;
  readonly becomes: { readonly word?: string; readonly status?: object; readonly managed?: object };
}

function markWith(word: string): string {
  return `run:${word}:widgets.example.com/shop/x`;
}

/** What becomes of the one object of a cluster, and what is told of it. */
async function give(wanted: Partial<WantedObject>, refusing: Refusing = {}) {
  const { code, field, hasSubresource = true, verb = 'created', word = 'creating' } = refusing;
  let metadata = {
    ...{ name: 'x', namespace: 'shop', resourceVersion: '1' },
    ...{ annotations: { [MARK]: markWith(word) }, managedFields: CREATED as readonly object[] },
  };
  let status: unknown;
  const patch = (_type: unknown, _item: unknown, { merge, subresource }: ObjectPatch) => {
    const changed = merge['metadata'] as Partial<typeof metadata>;
    if (code !== undefined && (field === undefined || field in { ...merge, ...changed })) {
      return Promise.reject(new Failure(code, 'change it', { serverMessage: 'it says no' }));
    }
    if (subresource !== undefined && !hasSubresource) {
      return Promise.resolve(undefined);
    }
    expect(changed.resourceVersion).toBe(metadata.resourceVersion);
    const resourceVersion = `${metadata.resourceVersion}1`;
    metadata = { ...metadata, ...changed, resourceVersion };
    status = merge['status'] ?? status;
    return Promise.resolve({ metadata });
  };
  const object: KubernetesObject = { metadata: { name: 'x', namespace: 'shop' } };
  const whole: WantedObject = { kind: 'wanted', object, ...wanted };
  const cluster = { read: () => Promise.resolve({ metadata }), patch };
  const made = { made: { verb }, runUid: 'run', cluster };
  const applied = await giveBack(typeNamed('widgets.example.com'), whole, made);
  const { annotations, managedFields } = metadata;
  return { applied, becomes: { mark: annotations[MARK], status, managed: managedFields } };
}

test.each<Row>([
  { says: 'nothing wanted is nothing given', wanted: {}, becomes: {} },
  {
    says: 'it gets status and managed fields, and its mark says so',
    wanted: { status: STATUS, managedFields: MANAGED },
    becomes: { word: 'created', status: STATUS, managed: MANAGED },
  },
  {
    says: 'a status without a subresource is a field as any other',
    wanted: { status: STATUS },
    cluster: { hasSubresource: false },
    becomes: { word: 'created', status: STATUS },
  },
  {
    says: 'an object that is made anew gets its status',
    wanted: { status: STATUS },
    cluster: { verb: 'recreated', word: 'recreating' },
    becomes: { word: 'recreated', status: STATUS },
  },
  {
    says: 'an object that was there keeps what it has',
    wanted: { status: STATUS, managedFields: MANAGED },
    cluster: { verb: 'updated', word: 'updated' },
    becomes: { word: 'updated' },
  },
  {
    says: 'an object that has its status keeps it, and gets the managed fields that it lacks',
    wanted: { status: STATUS, managedFields: MANAGED },
    cluster: { word: 'created' },
    becomes: { word: 'created', managed: MANAGED },
  },
  {
    says: 'a mark that cannot be changed is no fault',
    wanted: { status: STATUS },
    cluster: { code: 'cluster-rejected', field: 'annotations' },
    becomes: { status: STATUS },
  },
])('$says', async ({ wanted, cluster, becomes }) => {
  const verb = cluster?.verb ?? 'created';
  const { word = 'creating', status, managed = CREATED } = becomes;
  expect(await give(wanted, cluster)).toEqual({
    applied: { verb },
    becomes: { mark: markWith(word), status, managed },
  });
});

test('what the cluster refuses is told of each', async () => {
  const wanted = { status: STATUS, managedFields: MANAGED };
  const { applied } = await give(wanted, { code: 'cluster-rejected' });
  expect(applied).toEqual({
    verb: 'created',
    isIncomplete: true,
    reason:
      'its status could not be restored: cluster-rejected: change it: it says no; ' +
      'its managed fields could not be restored: cluster-rejected: change it: it says no',
  });
});

test('a cluster that is away concerns every object', async () => {
  const given = give({ status: STATUS }, { code: 'cluster-unreachable' });
  await expect(given).rejects.toMatchObject({ code: 'cluster-unreachable' });
});
