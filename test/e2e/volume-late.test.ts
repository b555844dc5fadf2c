import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { backupKeys } from '../../domain/object-key.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: a volume that the kubelet mounts long after its pod has a node is copied all the same, and keeps no agent busy
// until then. Method: a claim that no pod mounts, whose volume is a folder of the node that is made late.

let folder: string;
let installation: Installation;
let namespace: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-late-'));
  [installation, namespace] = await Promise.all([
    Installation.start({ hasAgent: true }),
    freshNamespace('late'),
  ]);
});

afterAll(async () => {
  await Promise.all([namespace, installation.ownNamespace].map(deleteNamespace));
  await kubectl('delete', 'persistentvolume', namespace, '--ignore-not-found');
  await installation.stop();
  await rm(folder, { recursive: true });
});

/** A claim that is bound to a folder of the node. */
async function applyLateClaim(path: string): Promise<void> {
  const hasHostname = { key: 'kubernetes.io/hostname', operator: 'In', values: [AGENT_NODE] };
  const shared = {
    ...{ accessModes: ['ReadWriteOnce'], storageClassName: '' },
    volumeMode: 'Filesystem',
  };
  const size = { storage: '1Gi' };
  const volume = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: namespace } },
    spec: {
      ...{ ...shared, capacity: size, local: { path } },
      claimRef: { namespace, name: 'data' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hasHostname] }] } },
    },
  };
  const claim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name: 'data' } },
    spec: { ...shared, volumeName: namespace, resources: { requests: size } },
  };
  await applyYaml([volume, claim].map((one) => JSON.stringify(one)).join('\n---\n'));
  const isBound = '--for=jsonpath={.status.phase}=Bound';
  await kubectl('-n', namespace, 'wait', isBound, 'pvc/data', '--timeout=60s');
}

/** Waits until the only volume of the backup is in a state. */
async function until(state: string): Promise<void> {
  for (;;) {
    const [volume] = (await installation.look('backups', 'late'))?.status.volumes?.items ?? [];
    if (volume?.state === state) {
      return;
    }
    expect(volume?.state).not.toBe('Failed');
    await sleep(50);
  }
}

test('a volume that is mounted late is tried, left to the kubelet, and copied', async () => {
  const path = join(folder, 'volume');
  await applyLateClaim(path);
  await installation.createBackup('late', [namespace]);
  // The agent is asked as soon as the pod has its node, and says that nothing is mounted.
  await until('Moving');
  await until('Mounting');
  await mkdir(path);
  await writeFile(join(path, 'file'), 'late');
  const { status } = await installation.ended('backups', 'late');
  expect(status).toMatchObject({ phase: 'Completed', volumes: { total: 1, done: 1, failed: 0 } });
  const records = await readJsonGz(installation.store(), backupKeys('late').volumes);
  expect(records).toMatchObject([
    {
      ...{ claim: 'data', node: AGENT_NODE, persistentVolume: namespace },
      copy: { outcome: 'Complete', snapshot: { files: 1, bytes: 4 } },
    },
  ]);
});
