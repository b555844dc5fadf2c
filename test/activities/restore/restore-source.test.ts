import { afterAll, afterEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import { openRestore } from '../../../activities/restore/open-restore.ts';
import { readRestorePlan } from '../../../activities/restore/restore-run.ts';
import { backupKeys, restoreKeys } from '../../../domain/object-key.ts';
import type { EndPhase } from '../../../domain/phase.ts';
import type { RestoreOutcome } from '../../../domain/restore/restore-outcome.ts';
import { NO_RESTORE_COUNTS, RESTORE_VERBS, type RestoreSpec } from '../../../domain/restore.ts';
import type { StoredRestore } from '../../../domain/stored-run.ts';
import type { VeleroBackup } from '../../../domain/velero-record.ts';
import { readRestore } from '../../../storage/catalogue.ts';
import { bytesOf } from '../../../storage/claim.ts';
import { encodeOutcomes } from '../../../storage/format/outcome-file.ts';
import { readAll } from '../../../storage/object-store/read-all.ts';
import { inActivity } from '../../support/activity-context.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { SOURCE_CLUSTER, storeBackup, typeOf } from '../../support/stored-backup.ts';
import { NO_VOLUMES } from '../../support/no-volumes.ts';

// Goal: a restore finds the newest backup of a schedule, and what another restore left undone, or says why it cannot.

const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const CLAIM = typeOf('PersistentVolumeClaim', 'persistentvolumeclaims');
const VOLUME = typeOf('PersistentVolume', 'persistentvolumes', false);
const volumeSpec = { persistentVolumeReclaimPolicy: 'Retain', claimRef: { uid: 'uid-data' } };
const HELD = [
  ...['a', 'b', 'c'].map((name) => ({
    type: CONFIG_MAP,
    object: { metadata: { name, namespace: 'shop' } },
  })),
  { type: CLAIM, object: { metadata: { name: 'data', namespace: 'shop', uid: 'uid-data' } } },
  { type: VOLUME, object: { metadata: { name: 'pv' }, spec: volumeSpec } },
];
const cluster = openCluster();
let steps: RestoreSteps;

afterEach(async () => {
  await steps.remove();
});

afterAll(() => cluster.close());

/** An ended restore, or without a phase one that has not ended, and what became of its items. */
interface Tried {
  readonly phase?: EndPhase;
  readonly list: readonly string[];
  readonly spec?: Partial<RestoreSpec>;
}

async function storeTried(name: string, { phase, list, spec }: Tried): Promise<void> {
  const startTimestamp = '2026-01-01T00:00:00Z';
  const result = {
    ...{ startTimestamp, completionTimestamp: startTimestamp, items: 1, counts: NO_RESTORE_COUNTS },
    ...{ warnings: 0, errors: 0 },
  };
  const claim: StoredRestore = {
    ...{ version: 1, kind: 'Restore', name, installation: 'test', runUid: name, specDigest: name },
    ...{ startTimestamp, cluster: SOURCE_CLUSTER },
    spec: {
      ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
      ...{ excludedNamespaces: [], namespaceMapping: {}, ...spec },
    },
    ...(phase === undefined ? {} : { result: { ...result, phase } }),
  };
  await steps.store.put(restoreKeys(name).claim, bytesOf(claim));
  const { items } = restoreKeys(name);
  await steps.store.upload(items, encodeOutcomes(oneBatchOf(list.map(outcomeOf)), []));
}

async function* oneBatchOf(
  outcomes: readonly RestoreOutcome[],
): AsyncGenerator<readonly RestoreOutcome[]> {
  yield await Promise.resolve(outcomes);
}

/** `ConfigMap shop/a failed` */
function outcomeOf(text: string): RestoreOutcome {
  const [kind = '', place = '', verb] = text.split(' ');
  const [name = '', namespace = ''] = place.split('/').reverse();
  return {
    ...{ group: '', version: 'v1', resource: `${kind.toLowerCase()}s`, kind, namespace, name },
    verb: RESTORE_VERBS.find((one) => one === verb) ?? 'failed',
  };
}

/** Opens a restore of its own name. */
async function open(spec: Partial<RestoreSpec>) {
  const whole: RestoreSpec = {
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
    ...{ excludedNamespaces: [], namespaceMapping: {}, ...spec },
  };
  const deps = {
    cluster,
    ...NO_VOLUMES,
    store: () => steps.store,
    installation: 'test',
    namespace: 'holdfast',
    isServed: () => Promise.resolve(true),
  };
  const run = { location: 'default', name: 'opened', runUid: 'opened', specDigest: 'digest' };
  const startTimestamp = '2026-01-01T00:00:00Z';
  const answer = await inActivity(() => openRestore(deps, { ...run, startTimestamp, spec: whole }));
  const stored = await readRestore(steps.store, 'opened');
  return { answer, backupName: stored?.claim?.spec.backupName };
}

/** Gives a stored backup a schedule and changes its status. */
async function asScheduled(name: string, status: Partial<VeleroBackup['status']>): Promise<void> {
  await storeBackup(steps.store, name, HELD);
  const { record: key } = backupKeys(name);
  // `storeBackup` has written it.
  const record = JSON.parse((await readAll(steps.store, key)).toString('utf8')) as VeleroBackup;
  const metadata = { ...record.metadata, labels: { 'velero.io/schedule-name': 'nightly' } };
  const changed = { ...record, metadata, status: { ...record.status, ...status } };
  await steps.store.put(key, Buffer.from(JSON.stringify(changed)));
}

test('of the backups of a schedule the newest that may be restored is restored', async () => {
  steps = await RestoreSteps.of(HELD);
  await asScheduled('early', { startTimestamp: '2026-01-01T00:00:00Z' });
  await asScheduled('late', { startTimestamp: '2026-01-03T00:00:00Z' });
  await asScheduled('middle', { startTimestamp: '2026-01-02T00:00:00Z' });
  const startTimestamp = '2026-01-04T00:00:00Z';
  await asScheduled('partial', { startTimestamp, phase: 'PartiallyFailed' });
  await asScheduled('failed', { startTimestamp: '2026-01-05T00:00:00Z', phase: 'Failed' });
  const spec = { backupName: '', scheduleName: 'nightly' };
  expect(await open(spec)).toMatchObject({ answer: { kind: 'accepted' }, backupName: 'late' });
  await steps.store.remove([restoreKeys('opened').claim]);
  expect(await open({ ...spec, allowPartiallyFailed: true })).toMatchObject({
    ...{ answer: { kind: 'accepted' }, backupName: 'partial' },
  });
});

test('a schedule without a backup that may be restored is refused with its name', async () => {
  steps = await RestoreSteps.of(HELD);
  expect((await open({ backupName: '', scheduleName: 'weekly' })).answer).toMatchObject({
    kind: 'refused',
    failure: {
      ...{ code: 'backup-not-found', subject: 'spec.scheduleName' },
      message: expect.stringContaining('weekly') as unknown,
    },
  });
});

test.each<[code: string, tried: Tried]>([
  ['still-running', { list: [] }],
  ['nothing-selected', { phase: 'Completed', list: [] }],
  ['nothing-selected', { phase: 'Completed', list: ['ConfigMap shop/a created'] }],
  // The items that failed are not among those that are asked for.
  ['nothing-selected', { phase: 'PartiallyFailed', list: ['ConfigMap shop/z failed'] }],
  // One of another backup has its name.
  [
    'restore-not-found',
    {
      ...{ phase: 'PartiallyFailed', list: ['ConfigMap shop/a failed'] },
      spec: { backupName: 'x' },
    },
  ],
  // What it would have tried is not known any more.
  ['restore-not-found', { phase: 'Cancelled', list: [], spec: { retryOf: 'deleted' } }],
])('a restore is not tried again, with %s, if it is %j', async (code, tried) => {
  steps = await RestoreSteps.of(HELD);
  await storeTried('tried', tried);
  const { answer, backupName } = await open({ retryOf: 'tried' });
  expect(answer).toMatchObject({ kind: 'refused', failure: { code } });
  expect(backupName).toBeUndefined();
});

test('a restore that is not there cannot be tried again', async () => {
  steps = await RestoreSteps.of(HELD);
  expect((await open({ retryOf: 'typo' })).answer).toMatchObject({
    failure: { code: 'restore-not-found', subject: 'spec.retryOf' },
  });
});

test('the plan of another attempt has what failed or was not reached, and a claim keeps to its volume', async () => {
  steps = await RestoreSteps.of(HELD, { retryOf: 'tried' });
  const list = [
    ...['ConfigMap shop/a created', 'ConfigMap shop/b failed'],
    ...['Namespace shop created', 'PersistentVolume pv created'],
  ];
  await storeTried('tried', { phase: 'Cancelled', list });
  const preview = await steps.preview(cluster);
  expect(preview.items.map(({ name }) => name).sort()).toEqual(['b', 'c', 'data']);
  await steps.plan(cluster);
  const { items, keptVolumes, leftOut } = await readRestorePlan(steps.store, steps.run);
  expect({ items, keptVolumes }).toEqual({ items: 3, keptVolumes: ['pv'] });
  const reason = 'the restore that is tried again has dealt with it';
  expect(leftOut).toEqual([
    { reason, type: 'configmaps', items: 1 },
    { reason, type: 'persistentvolumes', items: 1 },
  ]);
});
