import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupResource, ResourceList, RestoreResource } from '../../domain/api-resource.ts';
import { sizeOfCopy } from '../../domain/volumes/copy-record.ts';
import { archiveItems } from '../support/archive-items.ts';
import { ChartRelease } from '../support/chart-release.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { namespaceSnapshot } from '../support/namespace-snapshot.ts';
import { PackGate } from '../support/pack-gate.ts';
import { ReleaseDisturbances } from '../support/release-disturbances.ts';
import { VolumeKills } from '../support/volume-kills.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: whatever pods of Holdfast go during a backup and a restore, both end as undisturbed ones: nothing is lost, and
// nothing is there twice. Method: a release of the chart, and a gate in front of the S3 server at which data of volumes
// waits until the pods are gone and others in their place.

const PODS = { one: 'node-a', other: 'node-b' };
/** They count what happened meanwhile. */
const NO_EVENTS = ['--exclude-resources', 'events'];
const FILL = 'dd if=/dev/urandom of=data/large bs=1M count=8 2>/dev/null; echo small > data/small';

let gate: PackGate;
let installation: Installation;
let release: ChartRelease;
let kills: VolumeKills;
let disturbances: ReleaseDisturbances;
let namespace: string;

beforeAll(async () => {
  gate = await PackGate.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ parts: ['temporal'], s3Endpoint: gate.url });
  kills = await VolumeKills.of(installation);
  namespace = await freshNamespace('disturbed');
  [release] = await Promise.all([
    ChartRelease.install(installation),
    ...Object.entries(PODS).map(([name, node]) =>
      applyVolumePod({ namespace, name, node, claims: [`data-${name}`], fill: fillOf(name) }),
    ),
  ]);
  disturbances = new ReleaseDisturbances(release);
});

afterAll(async () => {
  gate.release('refuse');
  await release.remove();
  await dropNamespaces(namespace);
  await kills.stop();
  await installation.stop();
  gate.stop();
});

function fillOf(pod: string): string {
  return FILL.replaceAll('data/', `data-${pod}/`);
}

/** A command that waits for the end of what it starts, while data of volumes waits for the disturbances. */
async function disturbed(method: 'PUT' | 'GET', ...command: readonly string[]): Promise<void> {
  gate.hold({ method, namespace, bytes: 0 });
  const ended = release.holdfast(...command, '--cluster', release.name, '--wait');
  await expect.poll(() => gate.holds(namespace)).toBe(true);
  await disturbances.all(PODS.other);
  gate.release('pass');
  expect(await ended).toMatchObject({ status: 0 });
}

async function listed<Resource>(kind: string): Promise<readonly Resource[]> {
  const { output } = await release.holdfast(kind, 'get', '-o', 'json');
  return (JSON.parse(output) as ResourceList<Resource>).items;
}

/** Names, owners and contents of what is in the volumes. */
async function trees(): Promise<string[]> {
  const script = 'cd /volumes; find . | sort | xargs stat -c "%n %F %a %u:%g"; sha256sum */*';
  return Promise.all(
    Object.keys(PODS).map((pod) => kubectl('-n', namespace, 'exec', pod, '--', 'sh', '-c', script)),
  );
}

async function itemsOf(backup: string): Promise<string[]> {
  const store = installation.store();
  const items = await archiveItems(store, backup);
  store.close();
  return items;
}

/** What is copied, volume by volume. */
async function copiesOf(backup: string): Promise<object[]> {
  const records = await kills.records(backup);
  return records.map((one) => ({ pod: one.pod, volume: one.volume, ...sizeOfCopy(one) }));
}

test('a disturbed backup holds what an undisturbed one holds, once', async () => {
  const create = (name: string) => [
    'backup',
    'create',
    name,
    '--include-namespaces',
    namespace,
    ...NO_EVENTS,
  ];
  await disturbed('PUT', ...create('disturbed'));
  const calm = [...create('undisturbed'), '--wait'];
  expect(await release.holdfast(...calm)).toMatchObject({ status: 0 });
  const backups = await listed<BackupResource>('backup');
  expect(backups.map(({ metadata, status }) => [metadata.name, status.phase]).sort()).toEqual([
    ...[
      ['disturbed', 'Completed'],
      ['undisturbed', 'Completed'],
    ],
  ]);
  const [items, expectedItems] = [await itemsOf('disturbed'), await itemsOf('undisturbed')];
  expect(items).toEqual(expectedItems);
  const [copies, expectedCopies] = [await copiesOf('disturbed'), await copiesOf('undisturbed')];
  expect(copies).toHaveLength(2);
  expect(copies).toEqual(expectedCopies);
  const [record] = await kills.records('disturbed');
  const { snapshots } = record === undefined ? { snapshots: [] } : await kills.stored(record);
  // In the order in which the volumes were copied, which are two at a time.
  expect(snapshots.map(({ backup, part }) => [backup, part]).sort()).toEqual([
    ...[
      ['disturbed', '0'],
      ['disturbed', '1'],
    ],
    ...[
      ['undisturbed', '0'],
      ['undisturbed', '1'],
    ],
  ]);
});

test('a disturbed restore brings back everything, once', async () => {
  const [objects, files] = [await namespaceSnapshot(namespace), await trees()];
  await deleteNamespace(namespace);
  await disturbed('GET', 'restore', 'create', 'disturbed', '--from-backup', 'disturbed');
  const restores = await listed<RestoreResource>('restore');
  expect(restores.map(({ metadata }) => metadata.name)).toEqual(['disturbed']);
  expect(restores[0]?.status).toMatchObject({
    ...{ phase: 'Completed', volumes: { done: 2, failed: 0 } },
    counts: { updated: 0, recreated: 0, failed: 0 },
  });
  await kubectl('-n', namespace, 'wait', 'pods', '--all', '--for=condition=Ready', '--timeout=60s');
  expect(await namespaceSnapshot(namespace)).toEqual(objects);
  expect(await trees()).toEqual(files);
});
